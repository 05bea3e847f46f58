"""When an ad ran, as far as runs that saw it tell: only where its source says what a missing end means."""

from datetime import UTC, date, datetime

import pytest
from sqlalchemy import Engine
from sqlmodel import Session, select

from archive.ingest.pages import ingest_page
from archive.models import PublicAd, Signal, Source
from archive.models.runs import Outcome, RunKind
from archive.records import AdRecord
from archive.runs.lease import begin_run, end_run
from archive.store.database import read, write
from oversight.evaluation.changes import evaluate_changes
from oversight.evaluation.one_ad import explain_ad, find_run
from oversight.evaluation.running import find_seen_running
from oversight.reference.elections import Election
from oversight.reference.periods import EARLIEST, find_period
from oversight.rules.loading import Rule
from oversight.rules.rule_book import find_rule
from scrapers.spiders import find_spiders
from tests.oversight.evaluation.conftest import NOW, make_ad
from tests.oversight.rules.test_facts import make_public_ad
from tests.sources_with_terms import make_source

LOOKS = [datetime(2023, 5, 20, hour, tzinfo=UTC) for hour in (3, 9, 15)]
MAY_10 = date(2023, 5, 10)
BEFORE = datetime(2023, 5, 20, 10, tzinfo=UTC)


def show(session: Session, ad: AdRecord, kind: RunKind = RunKind.CRAWL) -> None:
    for at in LOOKS:
        run = begin_run(session, "example", "2023", kind, at)
        ingest_page(session, run, [ad], None, at)
        end_run(session, run, Outcome.DONE, at)


def tell_source(session: Session, missing_end: str) -> None:
    info = make_source(None).model_copy(update={"missing_end": missing_end})
    session.add(Source(**info.model_dump()))


def find_seen(session: Session, until: datetime | None = None) -> list[datetime]:
    ads = session.exec(select(PublicAd)).all()
    return [*find_seen_running(session, ads, until).values()]


@pytest.mark.usefixtures("archive_url")
def test_an_ad_seen_without_an_end_on_the_eve_ran_on_the_eve(
    engine: Engine, rules: list[Rule], elections: list[Election]
) -> None:
    with write(engine) as session:
        tell_source(session, "running, says its manual")
        show(session, make_ad(countries=["GR"], started_on=MAY_10, day_zone="Europe/Athens"))
        assert find_seen(session) == [LOOKS[-1]]
        assert find_seen(session, until=BEFORE) == [LOOKS[1]]
        ad = session.exec(select(PublicAd)).one()
        rule = find_rule(rules, "started-on-the-eve")
        told = [
            explain_ad(ad, rule, elections, NOW, find_run(ad, seen)) for seen in (None, LOOKS[-1])
        ]
    unseen, seen = [one.outcome.facts["window.overlaps"] for one in told if one]
    assert (unseen, seen) == ("not_provided", True)
    assert told[1]
    assert told[1].trace["observed_running_at"] == LOOKS[-1].isoformat()


@pytest.mark.parametrize(
    ("missing_end", "kind", "values"),
    [
        ("", RunKind.CRAWL, {}),
        ("running", RunKind.IMPORT, {}),
        ("running", RunKind.CRAWL, {"ended_on": date(2023, 5, 12)}),
    ],
)
def test_being_listed_tells_no_end(
    engine: Engine, missing_end: str, kind: RunKind, values: dict[str, date]
) -> None:
    with write(engine) as session:
        tell_source(session, missing_end)
        show(session, make_ad(started_on=MAY_10, **values), kind)
        assert find_seen(session) == []


def test_a_later_look_that_changes_no_answer_writes_no_second_signal(
    engine: Engine, rules: list[Rule], elections: list[Election]
) -> None:
    ad = make_ad(payer_name="", countries=["US"], started_on=date(2023, 5, 10))
    with write(engine) as session:
        tell_source(session, "running, says its manual")
        show(session, ad)
        first = evaluate_changes(session, rules, elections, NOW)
        run = begin_run(session, "example", "2023", RunKind.CRAWL, NOW)
        ingest_page(session, run, [ad.model_copy(update={"reach_lower": 5})], None, NOW)
        end_run(session, run, Outcome.DONE, NOW)
        again = evaluate_changes(session, rules, elections, NOW)
    assert (first.new_signals > 0, again.ads, again.new_signals) == (True, 1, 0)
    with read(engine) as session:
        assert session.exec(select(Signal.answer)).first() == "not_met"


def test_our_first_look_is_no_start_and_bounds_it_from_above() -> None:
    period = find_period(make_public_ad(), LOOKS[0])
    assert (period.start_lower, period.start_upper) == (EARLIEST, LOOKS[0])
    assert period.end_lower == LOOKS[0]
    ended = find_period(make_public_ad(ended_on=MAY_10), LOOKS[0])
    assert ended == find_period(make_public_ad(ended_on=MAY_10))


def test_meta_says_what_a_missing_end_means_and_snap_does_not() -> None:
    spiders = find_spiders()
    assert "https://" in spiders["meta_ad_library"].info.missing_end
    assert spiders["snap"].info.missing_end == ""
