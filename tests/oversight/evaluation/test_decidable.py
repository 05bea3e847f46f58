"""For how many ads a rule can be decided, and for want of what it cannot."""

from pathlib import Path

from sqlalchemy import Engine

from archive.records import MissingReason
from archive.store.database import read
from config.overlay import ConfigFile, Origin
from config.readings import Readings
from oversight.evaluation.decidable import Decidable, find_decidable
from oversight.reference.elections import Election
from oversight.rules.checking import load_rule
from oversight.rules.loading import Rule
from oversight.rules.rule_book import find_rule
from tests.oversight.evaluation.conftest import NOW, Keep, make_ad
from tests.oversight.rules.drafts import CAP

BLANK = {"missing": {"countries": MissingReason.NOT_DISCLOSED}}
NEVER = {"payer_name": None, "missing": {"payer_name": MissingReason.NOT_PROVIDED}}


def look(engine: Engine, rule: Rule, elections: list[Election], most: int | None) -> Decidable:
    with read(engine) as session:
        return find_decidable(session, rule, elections, NOW, most)


def test_what_a_source_gives_and_what_is_missing_are_counted(
    engine: Engine, keep: Keep, rules: list[Rule], elections: list[Election]
) -> None:
    ohio = [{"by": "region", "region": "Ohio", "share": 1}]
    never = {"countries": MissingReason.NOT_PROVIDED, "payer_name": MissingReason.NOT_PROVIDED}
    keep(
        [
            make_ad("a1", countries=["US"]),
            make_ad("a2", countries=["GR"]),
            make_ad("a3", countries=["US"], **NEVER),
            make_ad("a4", delivery=ohio, payer_name=None, missing=never),
            make_ad("a5", payer_name=None, missing=never),
        ]
    )
    found = look(engine, find_rule(rules, "us-30120-payer-named"), elections, None)
    (source,) = found.sources
    assert (found.ads, found.decided, source.of) == (5, 2, 5)
    assert source.tell("ad.countries") == "derived 1, given 3, never 1"
    assert source.tell("ad.declared_political") == "given"
    assert found.lacking == [("ad.payer_name", 2, 3), ("ad.countries", 0, 1)]
    newest = look(engine, find_rule(rules, "us-30120-payer-named"), elections, 2)
    assert (newest.ads, newest.decided, newest.sources[0].of) == (2, 0, 5)


def test_a_register_that_is_not_loaded_is_what_is_missing_and_a_draft_is_looked_at_too(
    engine: Engine, keep: Keep, rules: list[Rule], elections: list[Election]
) -> None:
    keep([make_ad("a1", countries=["CA"])])
    found = look(engine, find_rule(rules, "ca-353-registration"), elections, None)
    assert found.decided == 0
    assert found.sources[0].tell("register.ca_parties_lists_payer") == "not loaded"
    assert "register.ca_parties_lists_payer" in {name for name, _, _ in found.lacking}
    draft = find_rule(rules, "ca-323-polling-day")
    assert not draft.is_evaluated
    assert look(engine, draft, elections, None).ads == 1


def test_a_rule_about_a_sum_is_decided_for_no_ad_that_it_may_be_about(
    engine: Engine, keep: Keep, tmp_path: Path, elections: list[Election]
) -> None:
    keep(
        [make_ad("a1", countries=["XX"], payer_name="Jo"), make_ad("a2", declared_political=False)]
    )
    path = tmp_path / "xx-named.yaml"
    path.write_text(CAP.replace(" && window.overlaps", ""), encoding="utf-8")
    rule = load_rule(ConfigFile("xx-named", path, Origin.LOCAL), Readings({}, []), elections)
    found = look(engine, rule, elections, None)
    assert (found.ads, found.decided) == (2, 1)
    assert "sum.is_over" in {name for name, _, _ in found.lacking}
