"""The embedded engine counts and orders in memory; what it holds there is what the tables say."""

from dataclasses import replace

import pytest

from archive.store.database import read
from search.embedded import EmbeddedSearch
from search.fts import relevance
from search.hits import SearchPage
from search.question.query import build_query
from tests.search.conftest import SearchArchive, make_ad, refs_of

SHOWN = {"countries": ["DE"], "currency": "EUR"}
FACETS = ["country", "currency", "payer", "landing_domain"]
QUESTIONS = ["", "harbour", "-quay", "harbour OR quay", "-pier harbour"]


def ask_all(archive: SearchArchive, search: EmbeddedSearch) -> list[SearchPage]:
    """Answers of each kind, by each order."""
    return [
        archive.ask(search, text, facets=FACETS, filters=filters, sort=sort)
        for text in QUESTIONS
        for filters in ([], [("country", "DE")], [("payer", "clean air"), ("unknown", "payer")])
        for sort in ("relevance", "newest", "spend", "impressions")
    ]


def assert_as_read_anew(archive: SearchArchive, search: EmbeddedSearch) -> None:
    assert ask_all(archive, search) == ask_all(archive, EmbeddedSearch(archive.engine))


def test_rows_that_are_written_are_read_again(
    embedded: EmbeddedSearch, search_archive: SearchArchive
):
    search_archive.add(*(make_ad(n, "harbour quay", payer_name="Clean Air", **SHOWN) for n in "ab"))
    search_archive.sync(embedded)
    ask_all(search_archive, embedded)
    search_archive.add(make_ad("a", "harbour pier", payer_name="Other", countries=["NO", "DE"]))
    search_archive.add(make_ad("b", "harbour quay", spend_lower_minor=500, **SHOWN))
    search_archive.add(make_ad("c", "pier", landing_urls=["https://example.org/a"]))
    search_archive.sync(embedded)
    assert search_archive.ask(embedded, facets=FACETS).facets["country"] == {"DE": 2, "NO": 1}
    assert_as_read_anew(search_archive, embedded)


def test_ads_that_are_taken_out_are_counted_no_more_though_no_mark_moves(
    embedded: EmbeddedSearch, search_archive: SearchArchive
):
    search_archive.add(*(make_ad(n, "harbour", **SHOWN) for n in "abc"))
    search_archive.sync(embedded)
    ask_all(search_archive, embedded)
    embedded.take_out([3], None)
    assert search_archive.ask(embedded, facets=FACETS).facets["country"] == {"DE": 2}
    assert_as_read_anew(search_archive, embedded)


def test_who_follows_less_closely_than_is_noted_reads_everything_again(
    embedded: EmbeddedSearch, search_archive: SearchArchive, monkeypatch: pytest.MonkeyPatch
):
    monkeypatch.setattr("search.fts.writer.TOUCHES_KEPT", 1)
    search_archive.add(*(make_ad(n, "harbour", **SHOWN) for n in "abc"))
    search_archive.sync(embedded)
    ask_all(search_archive, embedded)
    search_archive.add(*(make_ad(n, "quay", countries=["NO"]) for n in "abc"))
    search_archive.sync(embedded)
    assert search_archive.ask(embedded, facets=FACETS).facets["country"] == {"NO": 3}
    assert_as_read_anew(search_archive, embedded)


def test_a_reader_that_began_before_keeps_what_it_saw(
    embedded: EmbeddedSearch, search_archive: SearchArchive
):
    search_archive.add(make_ad("a", "harbour", **SHOWN), make_ad("b", "harbour"))
    search_archive.sync(embedded)
    query = build_query("harbour", facets=FACETS)
    with read(search_archive.engine) as earlier:
        before, _ = embedded.find_ads(earlier, query)
        search_archive.add(make_ad("b", "quay", countries=["NO"]), make_ad("c", "harbour"))
        search_archive.sync(embedded)
        embedded.take_out([1], None)
        assert refs_of(search_archive.ask(embedded, "harbour")) == ["c"]
        assert embedded.find_ads(earlier, query)[0] == before
        later = build_query("harbour", facets=[*FACETS, "state"])
        assert embedded.find_ads(earlier, later)[0].facets["state"] == {"seen": 2}


def test_leaving_out_what_cannot_be_among_the_best_changes_no_order(
    embedded: EmbeddedSearch, search_archive: SearchArchive, monkeypatch: pytest.MonkeyPatch
):
    words = ["harbour", "quay", "pier", "harbour quay", "berth", "größere", "1,204"]
    search_archive.add(
        *(
            make_ad(
                f"a{n}",
                " ".join(words[(n * k) % len(words)] for k in range(1, n % 11 + 3)),
                titles=["harbour"] * (n % 5 == 0),
                payer_name=words[n % 4],
            )
            for n in range(120)
        )
    )
    search_archive.sync(embedded)
    asked = ("harbour", "harbour quay", '"harbour quay"', "harbour OR berth pier", "payer:quay")
    queries = [build_query(f"{text}{more}", limit=3) for text in asked for more in ("", " -pier")]
    weighed: list[int] = []
    spared = 0
    weigh = relevance._weigh
    monkeypatch.setattr(
        relevance, "_weigh", lambda *given: weighed.append(len(given[2])) or weigh(*given)
    )
    monkeypatch.setattr(relevance, "FEW", 2)
    with read(search_archive.engine) as session:
        for query in (replace(q, page=page) for q in queries for page in (1, 2)):
            monkeypatch.setattr(relevance, "MANY", 1_000)
            whole, _ = embedded.find_ads(session, query)
            all_of_them = sum(weighed)
            weighed.clear()
            monkeypatch.setattr(relevance, "MANY", 0)
            cut, _ = embedded.find_ads(session, query)
            assert list(cut.ids) == list(whole.ids)
            assert all_of_them == whole.total
            spared += max(0, whole.total - sum(weighed))
            weighed.clear()
    assert spared
