"""A rule judges an ad by countries that its source states, never by those the source was asked for."""

from datetime import date

import pytest
from sqlmodel import select

from archive.ingest.pages import ingest_page
from archive.models import Signal
from archive.models.runs import Outcome, RunKind
from archive.reading.as_of.past_versions import restore_versions
from archive.runs.lease import begin_run, end_run
from archive.store.database import read, write
from archive.store.setup import write_sources
from oversight.rules.facts import read_facts
from oversight.rules.rule_book import find_rule
from tests.oversight.evaluation.conftest import LATER, NOW, make_ad
from tests.sources_with_terms import make_source

NOBODY = {
    "payer_name": None,
    "started_on": date(2024, 10, 7),
    "ended_on": date(2024, 10, 11),
    "day_zone": "America/New_York",
}
"""In 2024 the payer of an ad shown in the United States had to be named."""


def give(engine, ads, now=NOW, *, asks_by_country=True):
    """One run that asks for the ads of the United States."""
    with write(engine) as session:
        write_sources(session, [make_source(None, asks_by_country=asks_by_country)])
        run = begin_run(session, "example", "US", RunKind.CRAWL, now)
        ingest_page(session, run, ads, None, now)
        end_run(session, run, Outcome.DONE, now)


@pytest.mark.usefixtures("archive_url")
@pytest.mark.parametrize("asks_by_country", [True, False])
def test_what_was_asked_for_changes_no_answer(engine, evaluate, rules, asks_by_country):
    stated = make_ad("stated", countries=["US"], **NOBODY)
    give(engine, [make_ad("silent", **NOBODY), stated], asks_by_country=asks_by_country)
    evaluate(only=[find_rule(rules, "us-30120-payer-named")])
    with read(engine) as session:
        answers = {signal.ad_id: signal.answer for signal in session.exec(select(Signal))}
    assert answers == {2: "not_met"}


@pytest.mark.usefixtures("archive_url")
def test_an_earlier_version_is_read_so_too(engine):
    give(engine, [make_ad(countries=[])])
    give(engine, [make_ad(bodies=["Other words"], countries=[])], LATER)
    with read(engine) as session:
        (before,) = restore_versions(session, {1: "example"})[1]
    assert (before.ad.countries, before.ad.countries_from) == (["US"], "asked")
    assert read_facts(before.ad)["ad.countries"] == "not_provided"
