"""The rules in use: what a bad file takes out, and what stays in use of what was in use before."""

from collections.abc import Callable, Iterator
from datetime import UTC, datetime
from pathlib import Path

import pytest
from sqlalchemy import Engine

from archive.store.database import open_archive, read, write
from config.settings import Settings
from config.yaml_files import YamlFileError
from oversight.evaluation.changes import evaluate_changes, hash_questions
from oversight.rules.rule_book import RuleBook, read_rule_book

Write = Callable[[str, str], Path]
NOW = datetime(2026, 3, 1, 12, tzinfo=UTC)
PLACE = "rules/xx/xx-named.yaml"
RULE = """
id: xx-named
version: 1
title: Harbour ads name their payer
jurisdiction: XX
legal_basis: [{cite: Harbour Act s. 1, evidence: memory}]
validity: {from: 2020-01-01, to: null, status: in_force}
stage: active
kind: disclaimer.missing
says: The payer must be named.
window: {from: polling_day - P1D, to: poll_closes}
params: [fee]
applies_when: {when: '"XX" in ad.countries', cite: s. 1}
requires: {when: size(ad.payer_name) > 0, cite: s. 2}
severity: low
tests:
  - {name: named, facts: {ad.countries: [XX], ad.payer_name: Jo}, expect: met}
  - name: blank
    facts: {ad.countries: [XX], ad.payer_name: {missing: not_disclosed}}
    expect: not_met
  - {name: not given, facts: {ad.countries: [XX]}, expect: cannot_tell}
"""
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


@pytest.fixture
def engine(home_settings: Settings, write_config: Write) -> Iterator[Engine]:
    """An archive whose rules, ours among them, were evaluated once."""
    write_config(PLACE, RULE)
    write_config("params/fee.yaml", FEE)
    engine = open_archive(home_settings)
    book = read_rule_book(home_settings)
    with write(engine) as session:
        evaluate_changes(session, book.rules, book.elections, NOW)
    yield engine
    engine.dispose()


@pytest.fixture
def read_book(home_settings: Settings, engine: Engine) -> Callable[[], RuleBook]:
    def read_now() -> RuleBook:
        with read(engine) as session:
            return read_rule_book(home_settings, session)

    return read_now


ReadBook = Callable[[], RuleBook]


@pytest.mark.parametrize(
    "bad", ["id: xx-named\n", RULE.replace("expect: met", "expect: not_met"), "\x07", ""]
)
def test_a_rule_that_was_in_use_stays_so_when_its_file_goes_bad(
    read_book: ReadBook, write_config: Write, bad: str
) -> None:
    before = read_book()
    write_config(PLACE, bad)

    after = read_book()

    assert before.refused == []
    assert [rule.sha256 for rule in after.rules] == [rule.sha256 for rule in before.rules]
    assert after.find_rule("xx-named").text == RULE
    (error,) = after.refused
    assert error.place == PLACE
    assert error.why.endswith("; version 1, which was in use, stays in use")
    same = hash_questions(before.rules, before.elections)
    assert hash_questions(after.rules, after.elections) == same


def test_its_next_good_version_takes_its_place(read_book: ReadBook, write_config: Write) -> None:
    write_config(PLACE, "id: [")
    write_config(PLACE, RULE.replace("version: 1", "version: 2"))
    book = read_book()
    assert (book.find_rule("xx-named").file.version, book.refused) == (2, [])


def test_what_was_never_in_use_is_out(
    read_book: ReadBook, write_config: Write, home_settings: Settings
) -> None:
    write_config("rules/xx/xx-new.yaml", "id: xx-new")
    book = read_book()
    assert "xx-new" not in {rule.id for rule in book.rules}
    with pytest.raises(YamlFileError, match=r"xx-new\.yaml"):
        book.find_rule("xx-new")
    assert "xx-named" in {rule.id for rule in read_rule_book(home_settings).rules}


def test_a_rule_does_not_outlive_the_parameter_it_rests_on(
    read_book: ReadBook, write_config: Write
) -> None:
    write_config("params/fee.yaml", "id: fee")
    book = read_book()
    assert "xx-named" not in {rule.id for rule in book.rules}
    why = {error.place: error.why for error in book.refused}
    assert why[PLACE] == "resting on params/fee.yaml, which cannot be used"
    assert why["params/fee.yaml"] == "Field required"


def test_a_vote_that_the_window_does_not_suit_leaves_the_rule_in_use_at_all_others(
    read_book: ReadBook, write_config: Write, engine: Engine
) -> None:
    write_config(PLACE, RULE.replace("from: polling_day - P1D", "from: called_on"))
    good = read_book()
    with write(engine) as session:
        evaluate_changes(session, good.rules, good.elections, NOW)
    late = VOTE.replace("about: [", "about: [called_on, ").replace(
        "kind: council", "kind: council\ncalled_on: 2026-06-01"
    )
    write_config("elections/xx/xx-vote.yaml", late)

    book = read_book()

    (error,) = book.refused
    assert (error.place, error.field) == (PLACE, "window")
    assert "the window of xx-vote is over before it opens" in error.why
    assert "xx-named" in {rule.id for rule in book.rules}
    with write(engine) as session:
        assert not evaluate_changes(session, book.rules, book.elections, NOW).has_more
