"""Feeds: what is new, for programs that run again and again, as Atom and as JSON PageFeed.

Pages and routes hand over entries and the address of the page they are of; nothing here reads the
archive.
"""

import re
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from urllib.parse import urlsplit
from xml.etree import ElementTree

from fastapi import Response
from fastapi.responses import JSONResponse

ATOM = "application/atom+xml"
JSON_FEED = "application/feed+json"

ATOM_NAMESPACE = "http://www.w3.org/2005/Atom"
JSON_FEED_VERSION = "https://jsonfeed.org/version/1.1"

MINTED_IN = 2026
"""The year in a tag: URI says when its authority owned the name (RFC 4151); it never changes."""

NEVER = datetime.fromtimestamp(0, UTC)
"""Atom demands a time of the last change (RFC 4287, 4.1.1) even where nothing has happened yet."""

NOT_XML = re.compile(r"[^\t\n\r\x20-\ud7ff\ue000-\ufffd\U00010000-\U0010ffff]")
"""What no XML 1.0 document may hold, escaped or not (section 2.2)."""


@dataclass(frozen=True)
class FeedEntry:
    """One thing that happened."""

    id: str
    """Name of it within this archive that never changes, such as `correction/12`."""
    title: str
    path: str
    """Where it can be read, within the site."""
    updated_at: datetime
    summary: str
    """Plain text."""


@dataclass(frozen=True)
class PageFeed:
    """What is new on one page, newest first."""

    title: str
    path: str
    """The page it is of; the feed itself stands below it as `feed.atom` and `feed.json`."""
    author: str
    """Who runs this archive."""
    public_url: str
    """Address of the site as readers see it; its host names the owner of the ids."""
    entries: Sequence[FeedEntry]
    data_as_of: datetime | None
    query: str = ""
    """What page and feed are asked, as addresses hold it; empty: nothing."""
    subtitle: str = ""
    """Which things are entries, where the title alone does not tell."""

    @property
    def updated_at(self) -> datetime:
        """When the newest entry came; without entries, how fresh the archive is."""
        newest = max((entry.updated_at for entry in self.entries), default=self.data_as_of)
        return newest or NEVER

    def locate(self, path: str) -> str:
        """The whole address of a path within the site."""
        return f"{self.public_url.rstrip('/')}{path}"

    @property
    def page_path(self) -> str:
        """The page it is of, as it was asked."""
        return f"{self.path}?{self.query}" if self.query else self.path

    def locate_itself(self, form: str) -> str:
        """The whole address of the feed: `feed.atom` or `feed.json`."""
        return self.locate(f"{self.path}/{form}{f'?{self.query}' if self.query else ''}")

    def make_id(self, name: str) -> str:
        """The tag: URI (RFC 4151) of something in this archive; no port, no scheme, no page in it."""
        host = urlsplit(self.public_url).hostname or "localhost"
        return f"tag:{host},{MINTED_IN}:{name.lstrip('/')}"


def answer_atom(feed: PageFeed) -> Response:
    """A feed as Atom (RFC 4287)."""
    root = ElementTree.Element("feed", xmlns=ATOM_NAMESPACE)
    _add(root, "id", feed.make_id(feed.page_path))
    _add(root, "title", feed.title)
    if feed.subtitle:
        _add(root, "subtitle", feed.subtitle)
    _add(root, "updated", _write_time(feed.updated_at))
    _add(ElementTree.SubElement(root, "author"), "name", feed.author)
    _link(root, "self", ATOM, feed.locate_itself("feed.atom"))
    _link(root, "alternate", "text/html", feed.locate(feed.page_path))
    for entry in feed.entries:
        item = ElementTree.SubElement(root, "entry")
        _add(item, "id", feed.make_id(entry.id))
        _add(item, "title", entry.title)
        _add(item, "updated", _write_time(entry.updated_at))
        _link(item, "alternate", "text/html", feed.locate(entry.path))
        _add(item, "summary", entry.summary)
    body = ElementTree.tostring(root, encoding="utf-8", xml_declaration=True)
    return Response(body, media_type=ATOM)


def answer_json_feed(feed: PageFeed) -> Response:
    """A feed as JSON PageFeed 1.1."""
    items = [
        {
            "id": feed.make_id(entry.id),
            "url": feed.locate(entry.path),
            "title": entry.title,
            "content_text": entry.summary,
            "date_modified": _write_time(entry.updated_at),
        }
        for entry in feed.entries
    ]
    answer = {
        "version": JSON_FEED_VERSION,
        "title": feed.title,
        "home_page_url": feed.locate(feed.page_path),
        "feed_url": feed.locate_itself("feed.json"),
        "authors": [{"name": feed.author}],
        "items": items,
    }
    if feed.subtitle:
        answer["description"] = feed.subtitle
    return JSONResponse(answer, media_type=JSON_FEED)


def _add(parent: ElementTree.Element, name: str, text: str) -> None:
    ElementTree.SubElement(parent, name).text = NOT_XML.sub("\N{REPLACEMENT CHARACTER}", text)


def _link(parent: ElementTree.Element, rel: str, kind: str, address: str) -> None:
    ElementTree.SubElement(parent, "link", rel=rel, type=kind, href=address)


def _write_time(value: datetime) -> str:
    return value.astimezone(UTC).isoformat().replace("+00:00", "Z")
