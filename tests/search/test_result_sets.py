"""Result sets: every ad that answers, as of one moment, the same on every engine and for ever."""

import json
from datetime import timedelta
from hashlib import sha256

import pytest

from archive.exports.downloads import Form, write_rows
from archive.reading.as_of.moment import Moment
from archive.store.database import read
from search.as_of.answers import search_as_of
from search.port import SearchUnavailableError
from search.question.query import build_query
from search.result_sets.asked import AskedSet, Sample
from search.result_sets.rows import stream_result_set
from tests.search.conftest import SearchArchive, make_ad


@pytest.fixture
def full(search_archive: SearchArchive) -> SearchArchive:
    """Ads enough for two blocks, with words in several texts and days in an order of their own."""
    days = [None, "2026-02-03", "2026-02-01", "2026-02-02"]
    search_archive.add(
        *(
            make_ad(
                f"a{number}",
                ("clean air now", "the air is clean", "Luft für größere Städte")[number % 3],
                titles=["Clean water"] if number % 2 else [],
                payer_name=("Clean Harbour", "Meadow")[number % 2],
                started_on=days[number % 4],
                currency="EUR",
                spend_lower_minor=number * 100,
                spend_upper_minor=number * 100,
            )
            for number in range(264)
        )
    )
    return search_archive


def ask_for(text, sample=None):
    """A question as it was typed."""
    return AskedSet(text, [], None, sample, "CC-BY-4.0")


def take(archive, search, text="", form=Form.JSON_LINES, sample=None, moment=None, **options):
    """A result set as it is written."""
    query, then = build_query(text, **options), moment or Moment(as_of=archive.now)
    stream = stream_result_set(archive.engine, search, query, then, ask_for(text, sample))
    return b"".join(write_rows(stream, form))


def rows_of(data):
    """The rows of JSON Lines."""
    return [json.loads(line) for line in data.splitlines()]


@pytest.mark.parametrize(
    "question", ["", "clean", '"clean air"', "air -water", "payer:clean", "gros*", '-"clean air"']
)
def test_a_result_set_holds_all_ads_that_answer_newest_first(full, search, question):
    full.sync(search)
    rows = rows_of(take(full, search, question))
    expected = []
    with read(full.engine) as session:
        for page in range(1, 4):
            query = build_query(question, limit=100, page=page)
            found = search_as_of(session, query, Moment(as_of=full.now))
            expected += [hit.id for hit in found.hits]
    assert [row["id"] for row in rows] == expected
    assert found.total == len(rows)


def test_a_row_tells_in_which_texts_the_words_stand(full, search):
    full.sync(search)
    rows = {
        row["ref"]: row["matched_fields"] for row in rows_of(take(full, search, "clean -stadte"))
    }
    assert rows["a0"] == ["body", "payer"]
    assert rows["a1"] == ["title", "body"]
    assert all(row["matched_fields"] == [] for row in rows_of(take(full, search)))


def test_asked_again_as_of_its_moment_it_is_the_same_byte_for_byte(full, search):
    full.sync(search)
    then = Moment(as_of=full.now)
    before = {form: take(full, search, "clean", form, moment=then) for form in Form}
    full.add(
        make_ad("a0", "no longer"),
        make_ad("a2", "clean now", started_on="2026-02-01"),
        make_ad("new", "clean"),
    )
    full.sync(search)
    assert {form: take(full, search, "clean", form, moment=then) for form in Form} == before
    assert take(full, search, "clean") != before[Form.JSON_LINES]


def test_the_sidecar_counts_the_rows_and_says_what_was_asked(full, search):
    full.sync(search)
    beside = json.loads(take(full, search, "clean", Form.SIDECAR))
    ids = [row["id"] for row in rows_of(take(full, search, "clean"))]
    assert beside["rows"] == len(ids)
    assert beside["ids_sha256"] == sha256("\n".join(ids).encode()).hexdigest()
    assert beside["question"] == {"q": "clean"}
    assert beside["as_of"] == full.now.isoformat().replace("+00:00", "Z")
    assert "next_after" not in beside


def test_a_sample_is_drawn_alike_by_everybody(full, search):
    full.sync(search)
    all_ids = [row["id"] for row in rows_of(take(full, search, '"clean air"'))]
    drawn = [
        row["id"] for row in rows_of(take(full, search, '"clean air"', sample=Sample(50, "7")))
    ]
    by_hash = sorted(all_ids, key=lambda id_: sha256(f"7:{id_}".encode()).hexdigest())
    assert drawn == by_hash[:50]
    other = [
        row["id"] for row in rows_of(take(full, search, '"clean air"', sample=Sample(50, "8")))
    ]
    assert other != drawn
    few = rows_of(take(full, search, '"clean air"', sample=Sample(10_000, "7")))
    assert [row["id"] for row in few] == by_hash


def test_what_no_engine_keeps_is_read_in_the_archive(full, search):
    full.sync(search)
    filters = [("currency", "EUR"), ("spend_min", "60")]
    assert len(rows_of(take(full, search, filters=filters))) == 204
    then = Moment(as_of=full.now, valid_at=full.now)
    assert len(rows_of(take(full, search, "payer:meadow", moment=then))) == 132


def test_an_engine_that_has_not_followed_yet_lacks_nothing(full, search):
    full.sync(search)
    full.add(make_ad("late", "clean"))
    assert "late" in [row["ref"] for row in rows_of(take(full, search, "clean"))]


def test_without_its_engine_the_archive_lists_the_same(full, served, monkeypatch):
    full.sync(served)
    before = take(full, served, "clean")

    def fail(*_):
        raise SearchUnavailableError("gone")

    monkeypatch.setattr(served, "list_ads", fail)
    assert take(full, served, "clean") == before


def test_a_copy_that_changes_on_the_way_ends_the_file(full, served, monkeypatch):
    full.sync(served)
    monkeypatch.setattr("search.meili.listing.ADS_AT_ONCE", 50)
    monkeypatch.setattr("search.result_sets.rows.ROWS_AT_ONCE", 20)
    query = build_query("clean")
    stream = stream_result_set(full.engine, served, query, Moment(as_of=full.now), ask_for("clean"))
    parts = write_rows(stream, Form.JSON_LINES)
    next(parts)
    served.take_out([f"example_3Aa{number}" for number in range(1, 264)], None)
    with pytest.raises(SearchUnavailableError, match="changed"):
        b"".join(parts)


def test_rows_of_another_time_are_those_of_that_time(full, search):
    full.sync(search)
    then = Moment(as_of=full.now)
    full.add(make_ad("a1", "other words", payer_name="Somebody"))
    full.sync(search)
    [row] = [row for row in rows_of(take(full, search, "water", moment=then)) if row["ref"] == "a1"]
    assert row["payer_name"] == "Meadow"
    assert full.now - then.as_of == timedelta(hours=1)
