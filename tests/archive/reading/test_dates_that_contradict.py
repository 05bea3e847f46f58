"""An ad that ends before it starts is an ad: both dates stand, it is summed, and its end is unknown."""

from datetime import UTC, date, datetime

import pytest
from sqlmodel import select

from archive.models import PublicAd
from archive.reading import read_ad
from archive.reading.as_of.moment import NOW, Moment
from archive.records import MissingReason
from archive.spending import SpendQuery, summarise_spending
from archive.store.database import read
from oversight.reference.periods import LATEST, find_period
from oversight.rules.facts import read_facts
from search.indexed.documents import make_document
from tests.archive.moments import DAY, NOON

pytestmark = pytest.mark.engines_alike

START, END = datetime(2020, 1, 3, 16, tzinfo=UTC), datetime(2020, 1, 1, 4, tzinfo=UTC)


@pytest.fixture
def odd(ingest_run, make_ad, engine):
    ingest_run([make_ad("odd", started_at=START, ended_at=END)])
    later = {"started_on": date(2020, 1, 3), "ended_on": date(2020, 1, 5)}
    ingest_run([make_ad("odd", **later)], NOON + DAY)
    ingest_run([make_ad("odd", started_at=START, ended_at=END, **later)], NOON + 2 * DAY)
    return engine


@pytest.mark.parametrize(
    ("moment", "contradicts"),
    [(NOW, True), (Moment(as_of=NOON + DAY), False), (Moment(as_of=NOON), True)],
)
def test_both_dates_stand_as_stated_and_the_ad_is_marked(odd, moment, contradicts):
    with read(odd) as session:
        assert read_ad(session, "example:odd", moment).dates_contradict is contradicts


def test_it_is_summed_from_its_start_on_without_an_end(odd):
    def ask(first, last):
        with read(odd) as session:
            query = SpendQuery(from_on=date(2020, 1, first), to_on=date(2020, 1, last))
            return [(g.ads, g.lower_minor) for g in summarise_spending(session, query).groups]

    assert ask(1, 2) == []
    assert ask(1, 3) == ask(10, 20) == [(1, 0)]


def test_rules_and_search_take_its_end_as_unknown(odd):
    with read(odd) as session:
        ad = session.exec(select(PublicAd)).one()
        facts = read_facts(ad, ["started_at", "ended_at", "ended_on"])
        document = make_document(ad)
        assert find_period(ad).end_upper == LATEST
    assert facts == {
        "ad.started_at": START,
        "ad.ended_at": MissingReason.UNREADABLE,
        "ad.ended_on": MissingReason.UNREADABLE,
    }
    assert (document.ended_on, document.ended_day) == (date(2020, 1, 5), None)
