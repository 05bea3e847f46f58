"""Watch lists: what a source is asked about beyond what it labels political; kept in public, with reasons.

`paidforby watch-lists` writes them, the source's spider reads them as partitions. An entry is never
changed: it is added, and perhaps removed, each by someone, at a time and for a reason.
"""

import re
from collections.abc import Iterable, Iterator, Sequence
from datetime import datetime

from sqlmodel import Field, Session, SQLModel, col, select

from archive.errors import ArchiveError, NotFoundError
from archive.models import EntryKind, WatchList, WatchListEntry, WatchListEntryView

PREFIX = "watch:"

EU_AND_UK = frozenset(
    {"AT", "BE", "BG", "CY", "CZ", "DE", "DK", "EE", "ES", "FI", "FR", "GB", "GR", "HR", "HU", "IE"}
    | {"IT", "LT", "LU", "LV", "MT", "NL", "PL", "PT", "RO", "SE", "SI", "SK"}
)
COUNTRIES_OF = {"meta_ad_library": EU_AND_UK}
"""Where a source shows ads that it does not label political: Meta, in the EU and the UK only."""

LIST_ID = re.compile(r"[a-z0-9]+(?:-[a-z0-9]+)*")
VALUES = {
    EntryKind.PAGE: (re.compile(r"[1-9][0-9]{0,30}"), "the number of a page"),
    EntryKind.ADVERTISER: (
        re.compile(r"[a-z0-9_]+:[1-9][0-9]{0,30}"),
        "our id of an advertiser that has a page, such as meta_ad_library:900000000001",
    ),
    EntryKind.TERM: (re.compile(r"\S(?:.{0,98}\S)?"), "words, at most 100 characters"),
    EntryKind.LANGUAGE: (re.compile(r"[a-z]{2,3}"), "a language's code (ISO 639-1), such as fr"),
}


class WatchListError(ArchiveError):
    """A watch list cannot be made or changed so; says what is wrong."""


class WatchListView(SQLModel):
    """A watch list as it stands at a time, with all that was ever on it by then."""

    watch_list: WatchList = Field(description="Its head.")
    entries: list[WatchListEntryView] = Field(
        description="Its entries, oldest first, removed ones too."
    )
    partition: str = Field(description="The partition of its source that its sweeps cover.")

    def list_values(self, kind: EntryKind) -> list[str]:
        """What it asks by, of a kind, in the order of the values."""
        standing = (entry for entry in self.entries if entry.removed_at is None)
        return sorted({entry.value for entry in standing if entry.kind == kind})


def make_watch_list(session: Session, head: WatchList) -> None:
    """Begin a list.

    Raises:
        WatchListError: if its id, source or countries do not do, or a list has the id already.
    """
    if not LIST_ID.fullmatch(head.id):
        raise WatchListError(f"{head.id!r} is no short name of small letters, digits and hyphens")
    if session.get(WatchList, head.id) is not None:
        raise WatchListError(f"there is a watch list {head.id} already")
    shown = COUNTRIES_OF.get(head.source)
    if shown is None:
        raise WatchListError(f"{head.source} has no ads beside those it labels political")
    if unknown := sorted(set(head.countries) - shown):
        raise WatchListError(
            f"{head.source} shows such ads in {' '.join(sorted(shown))}; not in {unknown[0]}"
        )
    if not head.countries:
        raise WatchListError("a watch list needs a country")
    session.add(head)
    session.flush()


def add_entry(session: Session, entry: WatchListEntry) -> None:
    """Put something on a list.

    Raises:
        NotFoundError: if there is no such list.
        WatchListError: if the value does not do, or stands on the list already.
    """
    view = read_watch_list(session, entry.list_id)
    pattern, wanted = VALUES[EntryKind(entry.kind)]
    if not pattern.fullmatch(entry.value) or not entry.value.isprintable():
        raise WatchListError(f"{entry.value[:40]!r} is not {wanted}")
    if entry.kind == EntryKind.ADVERTISER and not entry.value.startswith(
        f"{view.watch_list.source}:"
    ):
        raise WatchListError(f"{entry.value} is no advertiser of {view.watch_list.source}")
    if entry.value in view.list_values(EntryKind(entry.kind)):
        raise WatchListError(f"{entry.kind} {entry.value} is on {entry.list_id} already")
    session.add(entry)
    session.flush()


def remove_entry(
    session: Session,
    list_id: str,
    kind: EntryKind,
    value: str,
    *,
    removed_by: str,
    reason: str,
    now: datetime,
) -> WatchListEntryView:
    """Take something off a list; that it was there stays on record.

    Raises:
        NotFoundError: if there is no such list.
        WatchListError: if it is not on it.
    """
    for entry in read_watch_list(session, list_id).entries:
        if (entry.kind, entry.value, entry.removed_at) == (kind, value, None):
            entry.removed_by, entry.removal_reason, entry.removed_at = removed_by, reason, now
            session.add(entry)
            session.flush()
            return entry
    raise WatchListError(f"{kind} {value} is not on {list_id}")


def read_watch_list(session: Session, list_id: str) -> WatchListView:
    """A list as it stands now.

    Raises:
        NotFoundError: if there is none.
    """
    head = session.get(WatchList, list_id)
    if head is None:
        raise NotFoundError("watch list", list_id)
    query = select(WatchListEntry).where(WatchListEntry.list_id == list_id)
    entries = session.exec(query.order_by(col(WatchListEntry.id))).all()
    return WatchListView.model_construct(
        watch_list=head, entries=list(entries), partition=name_partition(list_id, entries)
    )


def list_watch_lists(session: Session, source: str | None = None) -> Iterator[WatchListView]:
    """Every list, of a source if one is given, by id."""
    query = select(WatchList.id).order_by(col(WatchList.id))
    if source is not None:
        query = query.where(WatchList.source == source)
    for list_id in session.exec(query).all():
        yield read_watch_list(session, list_id)


def name_partition(list_id: str, entries: Iterable[WatchListEntryView]) -> str:
    """The partition that a list's sweeps cover, `watch:<list>` or `watch:<list>:<number>`.

    A list that grows still covers what it covered. One from which something was removed, or whose
    languages changed, does not: were its sweeps taken for the same partition, what it no longer asks
    for would look vanished. So each narrowing begins a new partition.
    """
    narrowings = sum(
        (entry.removed_at is not None) + (entry.kind == EntryKind.LANGUAGE) for entry in entries
    )
    return f"{PREFIX}{list_id}:{narrowings}" if narrowings else f"{PREFIX}{list_id}"


def find_list_id(partition: str) -> str | None:
    """The id of the list a partition belongs to; `None` where it is none of a list's."""
    if not partition.startswith(PREFIX):
        return None
    return partition.removeprefix(PREFIX).partition(":")[0]


def list_ended(session: Session, partitions: Iterable[str]) -> list[str]:
    """Those of the partitions that lists had before they were narrowed: nobody is to crawl them."""
    standing = {view.partition for view in list_watch_lists(session)}
    return [each for each in partitions if find_list_id(each) and each not in standing]


def read_titles(session: Session, partitions: Sequence[str]) -> dict[str, str]:
    """The titles of lists by partition, of those of the partitions that are lists'."""
    ids = {partition: find_list_id(partition) for partition in partitions}
    heads = session.exec(select(WatchList).where(col(WatchList.id).in_(set(ids.values()) - {None})))
    titles = {head.id: head.title for head in heads}
    return {each: titles[found] for each, found in ids.items() if found in titles}
