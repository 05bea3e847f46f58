"""Feeds hold what pages hold, safe to read for any program, with ids that never change."""

import json
from datetime import UTC, datetime, timedelta
from xml.etree import ElementTree

from hypothesis import given
from hypothesis import strategies as st

from api.feeds import FeedEntry, PageFeed, answer_atom, answer_json_feed

NOON = datetime(2026, 3, 1, 12, tzinfo=UTC)
ATOM = "{http://www.w3.org/2005/Atom}"


def make_feed(*entries, data_as_of=NOON, public_url="http://archive.example:8000/"):
    return PageFeed(
        title="Corrections",
        path="/corrections",
        author="An operator",
        public_url=public_url,
        entries=entries,
        data_as_of=data_as_of,
    )


def make_entry(name="correction/1", title="Corrected", updated_at=NOON, summary="100 became 200"):
    return FeedEntry(name, title, "/corrections#c1", updated_at, summary)


def read_atom(feed):
    return ElementTree.fromstring(answer_atom(feed).body)


def read_json(feed):
    return json.loads(answer_json_feed(feed).body)


def test_both_feeds_say_the_same():
    feed = make_feed(make_entry())
    entry = read_atom(feed).find(f"{ATOM}entry")
    [item] = read_json(feed)["items"]

    assert item == {
        "id": entry.find(f"{ATOM}id").text,
        "url": entry.find(f"{ATOM}link").get("href"),
        "title": entry.find(f"{ATOM}title").text,
        "content_text": entry.find(f"{ATOM}summary").text,
        "date_modified": entry.find(f"{ATOM}updated").text,
    }
    assert item["url"] == "http://archive.example:8000/corrections#c1"


def test_an_id_is_a_tag_uri_without_the_port_and_the_page():
    assert read_json(make_feed(make_entry()))["items"][0]["id"] == (
        "tag:archive.example,2026:correction/1"
    )


def test_a_feed_was_updated_when_its_newest_entry_came():
    later = NOON + timedelta(days=1)
    feed = make_feed(make_entry("b", updated_at=later), make_entry("a"))

    assert read_atom(feed).find(f"{ATOM}updated").text == "2026-03-02T12:00:00Z"


def test_an_empty_feed_is_as_fresh_as_the_archive():
    assert read_atom(make_feed()).find(f"{ATOM}updated").text == "2026-03-01T12:00:00Z"
    nothing = read_atom(make_feed(data_as_of=None))
    assert nothing.find(f"{ATOM}updated").text == "1970-01-01T00:00:00Z"


def test_atom_has_what_the_standard_demands():
    root = read_atom(make_feed(make_entry()))

    assert root.tag == f"{ATOM}feed"
    assert root.find(f"{ATOM}author/{ATOM}name").text == "An operator"
    links = {link.get("rel"): link.get("href") for link in root.findall(f"{ATOM}link")}
    assert links == {
        "self": "http://archive.example:8000/corrections/feed.atom",
        "alternate": "http://archive.example:8000/corrections",
    }


def test_json_feed_names_its_version_and_itself():
    answer = answer_json_feed(make_feed())
    said = json.loads(answer.body)

    assert answer.media_type == "application/feed+json"
    assert said["version"] == "https://jsonfeed.org/version/1.1"
    assert said["feed_url"] == "http://archive.example:8000/corrections/feed.json"


@given(text=st.text(st.characters(exclude_categories=["Cs"])))
def test_no_text_breaks_a_feed_or_becomes_markup(text):
    feed = make_feed(make_entry(title=text, summary=f"<script>{text}</script>"))
    root = read_atom(feed)

    assert [child.tag for child in root.find(f"{ATOM}entry/{ATOM}summary")] == []
    assert read_json(feed)["items"][0]["title"] == text
