"""The rules in use: what a bad file takes out, and what stays in use of what was in use before."""

from collections.abc import Callable, Iterator
from contextlib import suppress
from datetime import UTC, datetime
from pathlib import Path

import pytest
from sqlalchemy import Engine

from archive.errors import ArchiveError
from archive.store.database import open_archive, write
from config.settings import Settings
from config.yaml_files import YamlFileError
from oversight.evaluation.changes import EvaluationReport, evaluate_changes, hash_questions
from oversight.rules.rule_book import RulesHere, find_rules_here, read_rule_book
from oversight.rules.use import suspend_rule, take_into_use
from tests.config.bad_files import RULE as GOOD_RULE
from tests.flagging import adopt

Write = Callable[[str, str], Path]
NOW = datetime(2026, 3, 1, 12, tzinfo=UTC)
PLACE = "rules/xx/xx-named.yaml"
RULE = GOOD_RULE.replace("id: good", "id: xx-named").replace("params: [good]", "params: [fee]")
FEE = """
id: fee
title: A fee
type: int
values: [{from: 2020-01-01, value: 5, source: {cite: none, evidence: memory}}]
"""
VOTE = """
id: xx-vote
title: A vote
country: XX
kind: council
polling_days: [2026-05-10]
polls: [{zone: UTC, opens: 07:00, closes: 19:00}]
sources: [{cite: none, evidence: memory, about: [polling_days, polls]}]
"""


def pass_of_the_worker(settings: Settings, engine: Engine) -> EvaluationReport:
    """A pass, after a person adopted what stands in our file, if it can be used and is not in use."""
    book = read_rule_book(settings)
    with write(engine) as session:
        with suppress(ArchiveError, YamlFileError):
            adopt(session, book, "xx-named", NOW)
        rules = take_into_use(session, book, NOW)
        return evaluate_changes(session, rules, book.elections, NOW)


@pytest.fixture
def engine(home_settings: Settings, write_config: Write) -> Iterator[Engine]:
    """An archive whose rules, ours among them, were evaluated once."""
    write_config(PLACE, RULE)
    write_config("params/fee.yaml", FEE)
    engine = open_archive(home_settings)
    pass_of_the_worker(home_settings, engine)
    yield engine
    engine.dispose()


@pytest.fixture
def read_here(home_settings: Settings, engine: Engine) -> Callable[[], RulesHere]:
    assert engine, "the archive is there"
    return lambda: find_rules_here(read_rule_book(home_settings))


ReadHere = Callable[[], RulesHere]


@pytest.mark.parametrize(
    "bad", ["id: xx-named\n", RULE.replace("expect: met", "expect: not_met"), "\x07", ""]
)
def test_a_rule_that_was_in_use_stays_so_when_its_file_goes_bad(
    read_here: ReadHere, write_config: Write, home_settings: Settings, bad: str
) -> None:
    before = read_here()
    write_config(PLACE, bad)

    after = read_here()

    assert before.refused == []
    assert [rule.sha256 for rule in after.rules] == [rule.sha256 for rule in before.rules]
    assert after.find_rule("xx-named").text == RULE
    (error,) = after.refused
    assert error.place == PLACE
    assert error.why.endswith("; version 1, which was in use, stays in use")
    elections = read_rule_book(home_settings).elections
    same = hash_questions(before.rules, elections)
    assert hash_questions(after.rules, elections) == same


def test_its_next_good_version_takes_its_place(
    read_here: ReadHere, write_config: Write, engine: Engine, home_settings: Settings
) -> None:
    write_config(PLACE, "id: [")
    pass_of_the_worker(home_settings, engine)
    write_config(PLACE, RULE.replace("version: 1", "version: 2"))
    pass_of_the_worker(home_settings, engine)
    here = read_here()
    assert (here.find_rule("xx-named").file.version, here.refused) == (2, [])


def test_what_was_never_in_use_is_out(
    read_here: ReadHere, write_config: Write, home_settings: Settings
) -> None:
    write_config("rules/xx/xx-new.yaml", "id: xx-new")
    here = read_here()
    assert "xx-new" not in {rule.id for rule in here.rules}
    with pytest.raises(YamlFileError, match=r"xx-new\.yaml"):
        here.find_rule("xx-new")
    assert "xx-named" in {rule.id for rule in read_rule_book(home_settings).rules}


def test_a_rule_does_not_outlive_the_parameter_it_rests_on(
    read_here: ReadHere, write_config: Write
) -> None:
    write_config("params/fee.yaml", "id: fee")
    here = read_here()
    assert "xx-named" not in {rule.id for rule in here.rules}
    why = {error.place: error.why for error in here.refused}
    assert why[PLACE] == "resting on params/fee.yaml, which cannot be used"
    assert why["params/fee.yaml"].startswith("Field required")


def test_a_condition_about_a_parameter_that_cannot_be_used_is_not_at_fault_itself(
    read_here: ReadHere, write_config: Write
) -> None:
    write_config("params/fee.yaml", FEE.replace("value: 5", "value: 500.50 JPY"))
    write_config(PLACE, RULE.replace("size(ad.payer_name) > 0", "ad.spend.over(p.fee)"))
    (error,) = (error for error in read_here().refused if error.place == PLACE)
    assert [(fault.field, fault.why) for fault in error.faults] == [
        ("params", "resting on params/fee.yaml, which cannot be used")
    ]


def test_a_vote_that_the_window_does_not_suit_leaves_the_rule_in_use_at_all_others(
    read_here: ReadHere, write_config: Write, engine: Engine, home_settings: Settings
) -> None:
    write_config(PLACE, RULE.replace("from: polling_day - P1D", "from: called_on"))
    pass_of_the_worker(home_settings, engine)
    late = VOTE.replace("about: [", "about: [called_on, ").replace(
        "kind: council", "kind: council\ncalled_on: 2026-06-01"
    )
    write_config("elections/xx/xx-vote.yaml", late)

    here = read_here()

    (error,) = here.refused
    assert (error.place, error.field) == (PLACE, "window")
    assert "the window of xx-vote is over before it opens" in error.why
    assert "xx-named" in {rule.id for rule in here.rules}
    assert not pass_of_the_worker(home_settings, engine).has_more


def test_a_vote_of_a_country_there_is_none_of_is_refused_with_the_code_to_write(
    read_here: ReadHere, write_config: Write
) -> None:
    write_config("elections/uk/xx-vote.yaml", VOTE.replace("country: XX", "country: UK"))
    (error,) = read_here().refused
    assert error.field == "country"
    assert "there is no country “UK”: write GB" in error.why


def test_a_text_put_back_is_no_newer_version_and_comes_into_use_nowhere(
    read_here: ReadHere, write_config: Write, engine: Engine, home_settings: Settings
) -> None:
    for text in (RULE.replace("version: 1", "version: 2"), RULE):
        write_config(PLACE, text)
        pass_of_the_worker(home_settings, engine)
    assert read_here().find_rule("xx-named").file.version == 2
    write_config(PLACE, RULE.replace("says: The", "says: Once more, the"))
    with write(engine) as session, pytest.raises(ArchiveError, match="write version: 3"):
        adopt(session, read_rule_book(home_settings), "xx-named", NOW)
    write_config(PLACE, "id: [")
    here = read_here()
    assert here.refused[0].why.endswith("; version 2, which was in use, stays in use")


def test_a_suspended_rule_whose_file_goes_bad_stays_suspended(
    read_here: ReadHere, write_config: Write, engine: Engine
) -> None:
    with write(engine) as session:
        suspend_rule(session, read_here().find_rule("xx-named"), "Cleo", "A stay", NOW)
    write_config(PLACE, "id: [")
    here = read_here()
    assert not here.find_rule("xx-named").is_evaluated
    assert here.refused[0].why.endswith("; version 1, which is suspended, stays so")
