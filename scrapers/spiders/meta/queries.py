"""What Meta's Ad Library API is asked in one walk: a country's political ads, or a watch list's ads.

`meta_paging` walks the questions one after the other; where it is, is one text that a run can go on from.
A watch list's questions are for ads of every type (`ad_type=ALL`), which Meta keeps for the EU and UK.
"""

import json
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from sqlalchemy import inspect

from archive.curation.watch_lists import (
    WatchListView,
    find_list_id,
    list_watch_lists,
    read_watch_list,
)
from archive.errors import NotFoundError
from archive.models import EntryKind, WatchList
from archive.records.canonical import hash_json
from archive.store.database import open_archive, open_engine, read
from config.settings import Settings

SOURCE = "meta_ad_library"
MOST_PAGES = 10
"""Page ids to a question, by the API's reference."""

Question = dict[str, str]


@dataclass(frozen=True)
class MetaCursor:
    """Where a walk is: the number of the question, and Meta's cursor in it; `None`: at its start."""

    number: int = 0
    after: str | None = None


@dataclass(frozen=True)
class Questions:
    """What a walk asks, in order."""

    asked: Sequence[Question]

    @property
    def mark(self) -> str:
        """What tells these questions from others: a place among others means nothing here."""
        return hash_json({"asked": list(self.asked)})[:12]

    def spell(self, place: MetaCursor | None) -> str | None:
        """A place as a text, Meta's own cursor where there is but one question."""
        if place is None or len(self.asked) == 1:
            return place.after if place else None
        return f"{self.mark}/{place.number}/{place.after or ''}"

    def find(self, spelled: str | None) -> MetaCursor:
        """The place a text stands for; the start, if it is none among these questions."""
        if spelled is None or len(self.asked) == 1:
            return MetaCursor(after=spelled)
        mark, _, rest = spelled.partition("/")
        number, _, after = rest.partition("/")
        is_known = mark == self.mark and number.isdecimal() and int(number) < len(self.asked)
        return MetaCursor(int(number), after or None) if is_known else MetaCursor()

    def follow(self, place: MetaCursor, after: str | None) -> MetaCursor | None:
        """Where to go on behind a page that names `after`; `None`: nowhere, that was all."""
        if after is not None:
            return MetaCursor(place.number, after)
        return MetaCursor(place.number + 1) if place.number + 1 < len(self.asked) else None


def read_questions(settings: Settings, partition: str) -> Questions:
    """The questions of a partition.

    Raises:
        NotFoundError: if it is of a watch list that there is not, or that asks for nothing.
    """
    list_id = find_list_id(partition)
    if list_id is None:
        return Questions([ask_country(partition)])
    engine = open_archive(settings)
    with read(engine) as session:
        asked = list(ask_watch_list(read_watch_list(session, list_id)))
    engine.dispose()
    if not asked:
        raise NotFoundError("page, advertiser or term on the watch list", list_id)
    return Questions(asked)


def ask_country(country: str) -> Question:
    """All political ads shown in a country.

    `search_terms=*` stands for everything: undocumented, and what other archives rely on.
    """
    return {
        "ad_reached_countries": json.dumps([country]),
        "ad_type": "POLITICAL_AND_ISSUE_ADS",
        "ad_active_status": "ALL",
        "search_terms": "*",
    }


def ask_watch_list(view: WatchListView) -> Iterator[Question]:
    """The questions of a watch list: its pages in tens, then each of its terms."""
    question = {
        "ad_reached_countries": json.dumps(view.watch_list.countries),
        "ad_type": "ALL",
        "ad_active_status": "ALL",
    }
    if languages := view.list_values(EntryKind.LANGUAGE):
        question["languages"] = json.dumps(languages)
    named = [advertiser.partition(":")[2] for advertiser in view.list_values(EntryKind.ADVERTISER)]
    pages = sorted({*view.list_values(EntryKind.PAGE), *named})
    for first in range(0, len(pages), MOST_PAGES):
        yield question | {"search_page_ids": json.dumps(pages[first : first + MOST_PAGES])}
    for term in view.list_values(EntryKind.TERM):
        yield question | {"search_terms": term}


def list_watched(settings: Settings) -> list[str]:
    """The partitions of the watch lists that ask for anything; none before an archive has such lists."""
    if settings.database_url is None and not (settings.home / "archive.sqlite3").exists():
        return []
    engine = open_engine(settings)
    try:
        # Whoever asks for partitions may do so before the archive is brought up to date.
        if not inspect(engine).has_table(WatchList.__tablename__):
            return []
        with read(engine) as session:
            views = list(list_watch_lists(session, SOURCE))
    finally:
        engine.dispose()
    return [view.partition for view in views if any(ask_watch_list(view))]
