"""A query is checked before any engine sees it, and nothing a person types is more than words."""

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from search.question.language import QueryError
from search.question.query import Sort, build_query
from tests.examples import few_or_many
from tests.search.conftest import SearchArchive, make_ad


@pytest.mark.parametrize(
    ("options", "named"),
    [
        ({"filters": [("colour", "red")]}, "'colour'.*source, platform"),
        ({"filters": [("from", "last week")]}, "'from'.*2026-11-20"),
        ({"filters": [("from", "2024-01-01"), ("from", "2024-01-02")]}, "'from' takes one"),
        ({"filters": [("impressions_min", "-1")]}, "'impressions_min'.*whole number"),
        ({"filters": [("spend_min", "100")]}, "one currency"),
        ({"filters": [("spend_min", "1"), ("currency", "ZZZ")]}, "ZZZ"),
        ({"filters": [("declared_political", "maybe")]}, "'maybe'.*true, false"),
        ({"filters": [("unknown", "from")]}, "'from'.*source"),
        ({"filters": [("vanished_from", "soon")]}, "'vanished_from'.*2026-11-20"),
        ({"filters": [("country", f"C{n}") for n in range(101)]}, "at most 100"),
        ({"sort": "best"}, "'best'.*relevance, newest"),
        ({"facets": ["spend_min"]}, "'spend_min'.*source"),
        ({"limit": 0}, "limit 0"),
        ({"limit": 101}, "limit 101"),
        ({"page": 11, "limit": 100}, "first 1,000"),
    ],
)
def test_what_is_not_allowed_is_named_with_what_is(options, named):
    with pytest.raises(QueryError, match=named):
        build_query("climate", **options)


def test_spend_is_asked_in_whole_units_of_one_currency():
    query = build_query(filters=[("spend_min", "12"), ("currency", "JPY")])
    assert query.bounds == {"spend_min": 12}
    in_cents = build_query(filters=[("spend_max", "12"), ("currency", "EUR")])
    assert in_cents.bounds == {"spend_max": 1200}


HOSTILE = st.one_of(
    st.text(max_size=60),
    st.text(alphabet="\"*:^-+(){}\\\x00\ud800 ANDORNEARtariffs'%_;,", max_size=60),
    st.lists(
        st.sampled_from(['"', "NEAR(", ")", "AND", "NOT", "title:", "*", "tariffs", "\x00", "--"]),
        max_size=12,
    ).map(" ".join),
    st.text(max_size=5).map(lambda text: text * 2_000),
)


@settings(max_examples=few_or_many(150))
@given(text=HOSTILE, sort=st.sampled_from(Sort), value=st.text(max_size=20))
def test_whatever_is_typed_is_answered_or_refused_as_a_query(
    embedded, search_archive: SearchArchive, text, sort, value
):
    if embedded.read_copy() is None:
        search_archive.add(make_ad("a", "tariffs now"))
        search_archive.sync(embedded)
    try:
        page = search_archive.ask(
            embedded, text, sort=sort, filters=[("payer", value)], facets=["source"]
        )
    except QueryError:
        return
    assert page.total == 0


def test_half_a_character_in_a_filter_is_replaced_before_any_engine_sees_it():
    query = build_query("", filters=[("surface", "Har\udc80bour\x00")])

    assert query.values["surface"] == ("Har?bour ",)


def test_a_name_is_asked_for_whatever_its_spelling():
    asked = [("payer", "ACME, Inc."), ("payer", "Acme Inc"), ("sponsor", "Łódź")]
    assert build_query(filters=asked).values == {"payer": ("acme inc",), "sponsor": ("lodz",)}


def test_a_question_longer_than_a_page_should_repeat_is_refused():
    assert build_query("a" * 2_000)
    with pytest.raises(QueryError) as refused:
        build_query("a" * 2_001)
    assert refused.value.field == "q"
