"""What SQL sieves out of a past search never answers it: the same answers as reading every ad."""

from collections import Counter
from collections.abc import Iterator
from datetime import date, timedelta
from pathlib import Path
from random import Random
from typing import cast

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from sqlmodel import Session

from archive.models import PublicAd
from archive.reading.as_of.moment import Moment
from archive.reading.as_of.past import ads_at
from archive.reading.as_of.restored_rows import select_rows
from archive.reading.visible import Include
from archive.store.database import read
from archive.store.setup import init_archive
from archive.text.words import join_terms
from config.settings import Settings
from search.answering.snippets import make_hit
from search.as_of.answers import search_as_of
from search.hits import MARK_START, ShownAd
from search.indexed.beside import read_beside
from search.indexed.documents import SearchDocument, make_document
from search.indexed.shown import AdParts
from search.question.query import AdQuery, QueryError, build_query
from tests.examples import few_or_many
from tests.search.conftest import SearchArchive, make_ad
from tests.search.plain_filters import answers_query

# Each stands beside spellings that count as the same word, or look as if they did.
WORDS = (
    *("harbour", "HARBOUR", "hàrbour", "ħarbour", "har\u00adbour", "har\ue000bour", "harbours"),
    *("straße", "STRASSE", "ﬁsh", "Fish", "\u212aelvin", "kelvin", "a⒈b", "a1b", "１２", "12"),
    *("Αθήνα", "αθηνα", "İstanbul", "istanbul", "Iki", "ıkı", "中文", "ไทย", "été", "e\u0301te"),
    *("½", "100%", "x-y", "a_b", "l'eau", "%_", "\\u0061", "\u201cquoted\u201d"),
)
ADDRESSES = (
    "https://www.example.org/join/h%61rbour?x=12",
    "https://example.org/HarbourBridge",
    "http://straße.example/%C3%A9t%C3%A9/a_b",
    "http://[broken/Fish",
    "kelvin.example",
)
FACETS = (
    *("country", "surface", "advertiser", "payer", "declared_political", "state", "landing_domain"),
    *("election", "media"),
)
NAMES = ("har\ue000bour", "harbour", "Αθήνα", "İstanbul", "100%", "harb_ur")


def invent_ad(dice: Random, ref: str):
    """An ad whose every text is made of the words above."""

    def write_text() -> str:
        return dice.choice((" ", "-", "\n", ", ")).join(dice.choices(WORDS, k=dice.randint(1, 3)))

    return make_ad(
        ref,
        titles=[write_text() for _ in range(dice.randint(0, 2))],
        bodies=[write_text() for _ in range(dice.randint(0, 2))],
        descriptions=[write_text() for _ in range(dice.randint(0, 1))],
        landing_urls=dice.sample(ADDRESSES, k=dice.randint(0, 2)),
        advertiser_name=dice.choice((None, write_text(), *NAMES)),
        payer_name=dice.choice((None, *NAMES)),
        sponsor_name=dice.choice((None, write_text())),
        countries=dice.sample(["GR", "TR", "PL"], k=dice.randint(0, 2)),
        surfaces=dice.sample(["feed", "störies"], k=dice.randint(0, 2)),
        declared_political=dice.choice((None, True, False)),
        started_on=dice.choice((None, date(2024, 5, 1), date(2024, 6, 1))),
        ended_on=dice.choice((None, date(2024, 6, 1))),
        election_name=dice.choice((None, "Mayor 2024", "mayor 2024")),
        currency="EUR",
        spend_lower_minor=dice.choice((None, 0, 10_000)),
        impressions_lower=dice.choice((None, 0, 1_000)),
    )


@pytest.fixture
def search_archive(archive_url: str, tmp_path: Path) -> Iterator[SearchArchive]:
    """Ads at two runs: some unchanged, some changed, some new, some gone."""
    dice = Random(7)
    search_archive = SearchArchive(
        init_archive(Settings(home=tmp_path, database_url=archive_url), [])
    )
    first = [invent_ad(dice, f"ad-{number}") for number in range(60)]
    search_archive.add(*first, sweep=True)
    changed = [invent_ad(dice, f"ad-{number}") for number in range(40, 70)]
    search_archive.add(*first[:35], *changed, sweep=True)
    yield search_archive
    search_archive.engine.dispose()


words = st.one_of(
    st.sampled_from(WORDS),
    st.lists(st.sampled_from(WORDS), min_size=1, max_size=2).map(lambda w: f'"{" ".join(w)}"'),
    st.sampled_from(["example", "ad", "bridge", "join", "harb", "u0061", "broken"]),
)
filters = st.one_of(
    st.tuples(st.sampled_from(["advertiser", "payer"]), st.sampled_from(["harbour", *NAMES])),
    st.tuples(st.just("country"), st.sampled_from(["GR", "TR"])),
    st.tuples(st.just("surface"), st.sampled_from(["störies", "feed"])),
    st.tuples(st.just("state"), st.sampled_from(["seen", "vanished"])),
    st.tuples(st.just("declared_political"), st.sampled_from(["true", "false"])),
    st.sampled_from([("source", "example"), ("platform", "none"), ("impressions_min", "1")]),
    st.sampled_from([("impressions_max", "500"), ("first_seen_to", "2026-03-01")]),
    st.sampled_from([("vanished_from", "2026-03-01"), ("vanished_to", "2026-02-01")]),
    st.sampled_from([("media", "none"), ("media", "kept"), ("election", "Mayor 2024")]),
    st.tuples(st.just("unknown"), st.sampled_from(["payer", "country", "election", "surface"])),
)
bounds = st.lists(
    st.sampled_from([("from", "2024-06-02"), ("to", "2024-05-15"), ("spend_min", "1")]),
    unique=True,
).map(lambda given: given + [("currency", "EUR")] * (("spend_min", "1") in given))


@st.composite
def queries(draw) -> AdQuery:
    """Any question about these ads, at times one nobody would ask."""
    try:
        return build_query(
            " ".join(draw(st.lists(words, max_size=2))),
            filters=draw(st.lists(filters, max_size=3)) + draw(bounds),
            facets=FACETS,
            limit=draw(st.sampled_from([1, 7, 100])),
            page=draw(st.integers(1, 2)),
            include=draw(st.sampled_from([None, Include.UNLABELLED])),
        )
    except QueryError:  # a text of signs alone has no word to search for
        return build_query(facets=FACETS)


def test_the_answer_is_that_of_reading_every_ad(search_archive: SearchArchive):
    then = search_archive.now - timedelta(hours=1)
    moments = [Moment(as_of=then), Moment(as_of=search_archive.now), Moment(valid_at=then)]
    with read(search_archive.engine) as session:
        documents = {moment: read_all(session, moment) for moment in moments}

    @given(queries(), st.sampled_from(moments))
    @settings(max_examples=few_or_many(40))
    def ask_both_ways(query: AdQuery, moment: Moment):
        with read(search_archive.engine) as session:
            page = search_as_of(session, query, moment)
        found = [d for d in documents[moment] if answers_query(d, query)]
        found.sort(key=lambda d: (-(d.started_day or 0), d.ad_id))
        shown = found[query.offset : query.offset + query.limit]
        assert page.total == len(found)
        assert page.hits == [make_hit(parts_of(document), query.question) for document in shown]
        assert page.facets == {name: count_values(found, name) for name in FACETS}
        assert page.facet_unknown == {
            name: sum(name not in d.values for d in found) for name in FACETS
        }

    ask_both_ways()


def test_each_word_finds_every_ad_that_has_it(search_archive: SearchArchive):
    moment = Moment(as_of=search_archive.now)
    with read(search_archive.engine) as session:
        documents = read_all(session, moment)
        # Marks are taken out of ads, not out of questions.
        for word in (word for word in WORDS if join_terms(word) and MARK_START not in word):
            asked = word.strip("“”")
            query = build_query(f'"{asked}"', include=Include.UNLABELLED)
            having = [d for d in documents if answers_query(d, query)]
            assert search_as_of(session, query, moment).total == len(having) > 0, word


def read_all(session: Session, moment: Moment) -> list[SearchDocument]:
    """Every ad of the moment as a document."""
    documents = []
    for ads in ads_at(session, moment):
        rows = [cast("PublicAd", row) for row in session.connection().execute(select_rows(ads))]
        beside = read_beside(session, rows, moment)
        documents += [make_document(row, beside) for row in rows]
    return documents


def parts_of(document: SearchDocument) -> AdParts:
    """What a result shows of an ad, taken from its document."""
    shown = {name: getattr(document, name) for name in ShownAd.model_fields}
    texts = ("title", "body", "landing", "picture")
    return AdParts(shown, {name: getattr(document, name) for name in texts})


def count_values(found: list[SearchDocument], name: str) -> dict[str, int]:
    """A facet: ads by value, most first."""
    counted = Counter(value for document in found for value in document.values.get(name, ()))
    return dict(sorted(counted.items(), key=lambda item: (-item[1], item[0])))
