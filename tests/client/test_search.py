"""A search through the client: of one moment, all of its rows, and none for the whole that are not."""

from datetime import timedelta

import pytest
from paidforby_client import IncompleteError

from tests.api.conftest import NOON, make_ad
from tests.client.conftest import break_off, list_ids


def test_all_rows_are_given_with_what_is_known_of_them(archive):
    search = archive.search("harbour", country="GR")
    rows = list(search)
    known = search.sidecar()
    assert search.total == known["rows"] == len(rows) == 5
    assert list(search) == rows
    assert rows[0]["spend_lower_minor"] == 100_00
    assert known["question"] == {"q": "harbour", "country": ["GR"]}


def test_facets_count_what_is_unknown_too(archive):
    counted = archive.search("harbour", source="example").facets("currency", "country")
    assert counted == {"currency": {"EUR": 4, None: 1}, "country": {"GR": 5, None: 0}}


def test_a_search_is_of_one_moment_though_more_comes(archive, clock, take_in):
    search = archive.search("harbour")
    before = list(search)
    clock.at += timedelta(days=1)
    take_in(make_ad("a9"))
    assert (search.total, list(search)) == (5, before)
    assert search.sidecar()["as_of"] == search.as_of
    assert archive.search("harbour").total == 6


def test_as_of_its_moment_the_same_is_found_again(archive, clock, take_in):
    first = archive.search("harbour")
    rows, known = list(first), first.sidecar()
    clock.at += timedelta(days=1)
    take_in(make_ad("a1", bodies=["Other words"]))
    again = archive.search("harbour", as_of=first.as_of)
    assert (list(again), again.sidecar()) == (rows, known)
    assert list_ids(archive.search("harbour", as_of=NOON - timedelta(days=1))) == []


def test_a_sample_is_the_same_for_the_same_seed(archive):
    search = archive.search("harbour")
    drawn = list_ids(search.sample(2, seed="7"))
    assert drawn == list_ids(search.sample(2, seed="7"))
    assert len(drawn) == search.sample(2, seed="7").sidecar()["rows"] == 2
    assert len({*list_ids(search.sample(4, seed="8")), *drawn}) > len(drawn)


def test_a_stream_that_breaks_off_raises(archive, spoil):
    spoil(break_off)
    with pytest.raises(IncompleteError, match="broke off"):
        list(archive.search("harbour"))


def test_a_stream_that_ends_within_a_row_raises(archive, spoil):
    spoil(lambda body: iter([body[:-10]]))
    with pytest.raises(IncompleteError, match="within a row"):
        list(archive.search("harbour"))
