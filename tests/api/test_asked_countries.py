"""The page of an ad and the API say whether its source states the countries, or was only asked for them."""

from datetime import timedelta

import pytest

from archive.ingest.pages import ingest_page
from archive.models.runs import Outcome, RunKind
from archive.runs.lease import begin_run, end_run
from archive.store.database import open_engine, write
from archive.store.setup import write_sources
from search.copies.sync import sync_index
from search.engines import open_search
from tests.api.conftest import NOON, make_ad
from tests.sources_with_terms import make_source

AD = make_ad("a1", countries=[], payer_name="Jo Pier")
LATER = NOON + timedelta(minutes=30)


@pytest.fixture
def library(settings):
    """An ad that a source gave when it was asked for Norway, then for Sweden, and that states no country."""
    engine = open_engine(settings)
    for partition, now in (("NO", NOON), ("SE valg", LATER)):
        with write(engine) as session:
            write_sources(session, [make_source(None, "library", asks_by_country=True)])
            run = begin_run(session, "library", partition, RunKind.CRAWL, now)
            ingest_page(session, run, [AD], None, now)
            end_run(session, run, Outcome.DONE, now)
    sync_index(engine, open_search(settings, engine), LATER)
    engine.dispose()


@pytest.mark.usefixtures("library")
def test_the_page_says_that_the_source_was_asked_for_these_countries(client):
    page = client.get("/ads/library/a1").text
    assert (
        'Norway, Sweden <span class="soft">(the source was asked for Norway and Sweden; it does not say '
        "where an ad was shown)</span>"
    ) in page
    before = client.get(f"/ads/library/a1?as_of={NOON:%Y-%m-%dT%H:%MZ}").text
    assert "the source was asked for Norway; it does not" in before
    stated = client.get("/ads/example/a1").text
    assert "<dt>Shown in</dt><dd>Greece</dd>" in stated


@pytest.mark.usefixtures("library")
def test_the_page_names_no_rules_of_countries_that_were_merely_asked_for(client):
    # Sweden lies in the European Union, whose rules an ad that is stated to be shown there falls under.
    page = client.get("/ads/library/a1").text
    assert "/rules/eu-" not in page
    assert "/rules/eu-" in client.get("/ads/example/a1").text


@pytest.mark.usefixtures("library")
def test_the_api_says_how_countries_are_known(ask):
    ad = ask("GET", "/ads/library/a1").json()
    assert (ad["countries"], ad["countries_from"]) == (["NO", "SE"], "asked")
    assert "countries" not in ad["missing"]
    listed = ask("GET", "/ads?country=SE").json()["items"]
    assert [(one["id"], one["countries_from"]) for one in listed] == [("library:a1", "asked")]


@pytest.mark.usefixtures("library")
def test_a_search_finds_it_there_and_says_so(client, ask):
    (hit,) = ask("GET", "/search?country=NO").json()["hits"]
    assert (hit["id"], hit["countries_from"]) == ("library:a1", "asked")
    assert "Norway and Sweden (as asked for)" in client.get("/search?country=NO").text
