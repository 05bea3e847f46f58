"""Watch lists are public: what is asked for, by whom added and why, and what no longer is."""

import pytest

from archive.curation.watch_lists import add_entry, make_watch_list, remove_entry
from archive.models.watch_lists import EntryKind, WatchList, WatchListEntry
from archive.store.database import open_archive, write
from tests.api.conftest import NOON


@pytest.fixture
def listed(client, settings):
    """A list with one page that is asked for and one word that no longer is."""
    engine = open_archive(settings)
    with write(engine) as session:
        make_watch_list(
            session,
            WatchList(
                id="ex-2027",
                source="meta_ad_library",
                title="Council election of Examplia",
                countries=["FR"],
                added_by="Jo Clerk",
                reason="<b>Announced</b> on 1 March",
                recorded_at=NOON,
            ),
        )
        for kind, value in ((EntryKind.PAGE, "100200300"), (EntryKind.TERM, "new bridge")):
            entry = WatchListEntry(
                list_id="ex-2027",
                kind=kind,
                value=value,
                added_by="Jo Clerk",
                reason="it advertises",
                recorded_at=NOON,
            )
            add_entry(session, entry)
        remove_entry(
            session,
            "ex-2027",
            EntryKind.TERM,
            "new bridge",
            removed_by="Kim Desk",
            reason="it finds engineers",
            now=NOON,
        )
    engine.dispose()
    return client


def test_the_api_gives_each_list_with_all_that_was_ever_on_it(listed):
    (view,) = listed.get("/api/v1/watch-lists").json()["items"]
    assert view["watch_list"]["title"] == "Council election of Examplia"
    assert [(entry["kind"], entry["removed_by"]) for entry in view["entries"]] == [
        ("page", None),
        ("term", "Kim Desk"),
    ]
    assert listed.get("/api/v1/watch-lists/ex-2027").json() == view


def test_an_entry_goes_by_what_it_is_and_has_no_number_of_ours(listed):
    (view,) = listed.get("/api/v1/watch-lists").json()["items"]
    assert {entry["list_id"] for entry in view["entries"]} == {"ex-2027"}
    assert all("id" not in entry for entry in view["entries"])
    header = listed.get("/api/v1/watch-lists", params={"format": "csv"}).text.splitlines()[0]
    assert "id" not in header.lstrip("\ufeff").split(",")


def test_entries_come_as_csv_one_a_row(listed):
    lines = listed.get("/api/v1/watch-lists", params={"format": "csv"}).text.splitlines()
    assert len(lines) == 3
    assert "Kim Desk" in lines[2]


def test_lists_of_another_source_and_unknown_ones_are_told_apart(listed):
    other = listed.get("/api/v1/watch-lists", params={"source": "another"})
    assert other.status_code == 400
    assert "there is no source 'another'; there are: " in other.json()["detail"]
    assert listed.get("/api/v1/watch-lists/nowhere").status_code == 404


def test_the_page_shows_who_asks_for_what_and_why(listed):
    page = listed.get("/watch-lists").text
    assert "Council election of Examplia" in page
    assert "&lt;b&gt;Announced&lt;/b&gt;" in page
    assert "still asked for" in page
    assert "by Kim Desk: it finds engineers" in page


def test_an_archive_without_lists_says_so(client):
    assert "There is no list" in client.get("/watch-lists").text
