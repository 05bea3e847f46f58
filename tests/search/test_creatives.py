"""One creative once: every engine, and the archive in place of one, finds what a plain count finds."""

import random
from collections import Counter
from dataclasses import replace
from datetime import date, timedelta

import pytest
from sqlmodel import select

from archive.models import Ad, PublicAd
from archive.privacy.redactions import redact_field
from archive.reading.as_of.moment import NOW, Moment
from archive.store.database import read, write
from search.answering.answers import answer_query
from search.answering.creatives import settle_copies
from search.answering.found import search_now
from search.as_of.answers import search_as_of
from search.copies.comparing import check_copy
from search.hits import SearchPage
from search.indexed.documents import read_documents
from search.indexed.moved import read_moved
from search.port import Batch, SearchEngine
from search.question.language import QueryError
from search.question.query import AdQuery, Sort, build_query
from tests.search.conftest import SearchArchive, make_ad, refs_of
from tests.search.plain_filters import answers_query

FIRST = date(2026, 1, 1)
TEXTS = (
    *(
        "We will build the harbour for everyone here",
        "We will build the harbour for all of us here",
    ),
    *("we will build the HARBOUR for everyone here!", "Meet Ann Lee at the harbour in York"),
    *("Meet Ann Lee at the harbour in Leeds", "harbour", "quay", ""),
)
QUESTIONS = ("", "harbour", "harbour -quay", '"the harbour"', "nowhere")


def invent_ads(dice: random.Random, numbers: range):
    for number in numbers:
        yield make_ad(
            f"{number:03}",
            dice.choice(TEXTS),
            payer_name=dice.choice([None, "Ann", "Ben"]),
            landing_urls=dice.choice(
                [[], ["https://example.org/a?x=1"], ["https://example.org/a"]]
            ),
            started_on=dice.choice([None, FIRST + timedelta(days=number % 7)]),
            currency="EUR",
            spend_lower_minor=dice.choice([0, 100, 200]),
        )


def ask(archive: SearchArchive, search: SearchEngine, query: AdQuery) -> list[SearchPage]:
    """What the engine answers, and what the archive does in its place."""
    with read(archive.engine) as session:
        return [search_now(session, search, query), search_as_of(session, query, NOW)]


def count_plainly(archive: SearchArchive, query: AdQuery):
    """The documents that answer, newest first."""
    with read(archive.engine) as session:
        documents = read_documents(session, PublicAd.id > 0).documents
    found = [document for document in documents if answers_query(document, query)]
    return sorted(found, key=lambda d: (-(d.started_day or 0), d.ad_id))


def assert_counted_plainly(archive: SearchArchive, search: SearchEngine) -> None:
    for text in QUESTIONS:
        once = build_query(text, copies="once", sort="newest", limit=100)
        right = count_plainly(archive, once)
        ads = Counter(document.creative or document.id for document in right)
        best = {}
        for document in right:
            best.setdefault(document.creative or document.id, document.id)
        known = len(ads) if all(document.creative for document in right) else None
        for page in ask(archive, search, once):
            assert (page.total, page.hits_total) == (len(right), len(ads)), text
            assert page.creatives == known
            assert [hit.id for hit in page.hits] == [*best.values()], text
            assert [hit.copies for hit in page.hits] == [ads[creative] for creative in best]


def assert_links_find_the_copies(archive: SearchArchive, search: SearchEngine) -> None:
    for page in ask(archive, search, build_query("harbour", copies="once")):
        for hit in page.hits:
            if hit.copies == 1:
                continue
            asked = build_query("harbour", filters=[("copy_of", hit.id)])
            with read(archive.engine) as session:
                asked = settle_copies(session, asked, NOW)
            assert [found.total for found in ask(archive, search, asked)] == [hit.copies] * 2


def redact(archive: SearchArchive, ref: str) -> None:
    with write(archive.engine) as session:
        ad = session.exec(select(Ad).where(Ad.ref == ref)).one()
        redact_field(session, ad, "bodies", "a court", "Ann", archive.now)


def bring_on(archive: SearchArchive, search: SearchEngine) -> None:
    archive.compare()
    archive.sync(search)


def test_creatives_are_those_of_a_plain_count_whatever_came_changed_or_was_withheld(
    search: SearchEngine, search_archive: SearchArchive
):
    dice = random.Random(5)
    ads = [*invent_ads(dice, range(60))]
    search_archive.add(*ads)
    search_archive.sync(search)
    assert_counted_plainly(search_archive, search)
    bring_on(search_archive, search)
    assert_counted_plainly(search_archive, search)
    assert_links_find_the_copies(search_archive, search)
    changed = [ad.model_copy(update={"bodies": [dice.choice(TEXTS[:6])]}) for ad in ads[:20]]
    search_archive.add(*changed, *invent_ads(dice, range(60, 80)))
    bring_on(search_archive, search)
    assert_counted_plainly(search_archive, search)
    for ref in ("000", "007", "065"):
        redact(search_archive, ref)
    bring_on(search_archive, search)
    assert_counted_plainly(search_archive, search)
    assert not check_copy(search_archive.engine, search, search_archive.now).named


def test_each_order_shows_the_first_ad_of_a_creative_by_that_order(
    search: SearchEngine, search_archive: SearchArchive
):
    search_archive.add(*invent_ads(random.Random(6), range(40)))
    search_archive.compare()
    search_archive.sync(search)
    with read(search_archive.engine) as session:
        documents = read_documents(session, PublicAd.id > 0).documents
    creatives = {document.id: document.creative for document in documents}
    for sort in Sort:
        every = search_archive.ask(search, "harbour", sort=sort, limit=100)
        first = {}
        for hit in every.hits:
            first.setdefault(creatives[hit.id], hit.id)
        pages = [
            search_archive.ask(search, "harbour", sort=sort, limit=3, page=n, copies="once")
            for n in range(1, 4)
        ]
        assert [hit.id for page in pages for hit in page.hits] == [*first.values()][:9], sort
        assert (every.creatives, every.hits_total) == (None, every.total)
        assert all(hit.copies is None for hit in every.hits)


def test_ads_without_words_are_one_creative_for_each_payer_and_address(
    search: SearchEngine, search_archive: SearchArchive
):
    to = {"landing_urls": ["https://example.org/a?from=x"]}
    search_archive.add(
        make_ad("a", payer_name="Ann", **to),
        make_ad("b", payer_name="Ann", landing_urls=["https://example.org/a"]),
        make_ad("c", payer_name="Ben", **to),
        make_ad("d", payer_name="Ben"),
    )
    bring_on(search_archive, search)
    page = search_archive.ask(search, copies="once", sort="newest")
    assert (refs_of(page), page.creatives, page.total) == (["a", "c", "d"], 3, 4)


def test_an_ad_that_waits_to_be_compared_is_shown_and_leaves_the_number_unknown(
    search: SearchEngine, search_archive: SearchArchive
):
    search_archive.add(make_ad("a", "harbour"), make_ad("b", "harbour"))
    bring_on(search_archive, search)
    search_archive.add(make_ad("c", "harbour"))
    search_archive.sync(search)
    page = search_archive.ask(search, "harbour", copies="once")
    assert (page.total, page.hits_total, page.creatives) == (3, 2, None)
    assert [hit.copies for hit in page.hits] == [2, 1]
    bring_on(search_archive, search)
    page = search_archive.ask(search, "harbour", copies="once")
    assert (page.total, page.hits_total, page.creatives) == (3, 1, 1)


def test_a_copy_is_sent_only_what_moved_where_an_ad_is_of_another_creative(
    search: SearchEngine, search_archive: SearchArchive
):
    search_archive.add(make_ad("a", "harbour"), make_ad("b", "quay"))
    search_archive.sync(search)
    search_archive.compare()
    report = search_archive.sync(search)
    assert (report.documents, report.moved, report.rebuilt) == (0, 2, False)
    search_archive.compare()
    assert search_archive.sync(search).changes == 0


def test_a_creative_that_a_copy_has_otherwise_is_found_and_put_right(
    search: SearchEngine, search_archive: SearchArchive
):
    search_archive.add(make_ad("a", "harbour"), make_ad("b", "harbour"))
    bring_on(search_archive, search)
    with read(search_archive.engine) as session:
        ad_id = session.exec(select(PublicAd.id).where(PublicAd.ref == "a")).one()
        altered = replace(read_moved(session, [ad_id])[0], creative="another")
    with write(search_archive.engine) as session:
        search.write_batch(Batch(moved=[altered]), session if search.keeps_in_archive else None)
    assert search_archive.ask(search, "harbour", copies="once").creatives == 2
    assert check_copy(search_archive.engine, search, search_archive.now).altered == 1
    assert search_archive.ask(search, "harbour", copies="once").creatives == 1


@pytest.mark.parametrize("asked", [{"copies": "once"}, {"filters": [("copy_of", "example:a")]}])
def test_copies_are_refused_as_of_an_earlier_moment(
    embedded, search_archive: SearchArchive, asked: dict
):
    search_archive.add(make_ad("a", "harbour"))
    bring_on(search_archive, embedded)
    with read(search_archive.engine) as session, pytest.raises(QueryError, match="only now"):
        answer_query(
            session,
            embedded,
            build_query("harbour", **asked),
            Moment(as_of=search_archive.now),
            lambda *_: [],
            list,
        )


@pytest.mark.parametrize(
    ("ad", "told"),
    [("example:none", "there is no ad"), ("example:a", "has not been compared")],
)
def test_copies_of_an_ad_of_which_none_are_known_are_refused(
    search_archive: SearchArchive, ad: str, told: str
):
    search_archive.add(make_ad("a", "harbour"))
    query = build_query(filters=[("copy_of", ad)])
    with read(search_archive.engine) as session, pytest.raises(QueryError, match=told):
        settle_copies(session, query, NOW)
