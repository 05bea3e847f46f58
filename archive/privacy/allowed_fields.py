"""Which fields of a source people allow to be shown, under its own names, and which wait for that.

`paidforby fields` calls it. A decision is a row that stays; taking one back completes it.
"""

from collections import defaultdict
from collections.abc import Iterator
from datetime import datetime
from typing import Any

from sqlmodel import Field, Session, SQLModel, col, select

from archive.errors import ArchiveError, NotFoundError
from archive.models import (
    AdVersion,
    AdvertiserSpend,
    AllowedField,
    Committee,
    Disclosure,
    PublicAd,
    Source,
)
from archive.privacy.projecting import project_changed
from archive.privacy.shown import read_shown_fields
from archive.records.shown_fields import list_names


class UnknownField(SQLModel):
    """A field of a source that nobody has looked at: kept, and shown nowhere."""

    source: str = Field(description="Source.")
    name: str = Field(description="Its name at the source; `reach.users` for a key in another.")
    records: int = Field(description="Versions of ads, statements and filings it stands in.")
    since_at: datetime = Field(description="When the first of them was said.")


def allow_field(
    session: Session, source: str, name: str, by: str, because: str, now: datetime
) -> int:
    """Let everybody see a field; returns how many records show it now.

    Raises:
        NotFoundError: if the archive knows no such source.
        ArchiveError: if the field is shown already, or the decision names nobody or no reason.
    """
    if session.get(Source, source) is None:
        raise NotFoundError("source", source)
    _check_words(by, because)
    if not name.strip():
        raise ArchiveError("say which field: its name at the source")
    if read_shown_fields(session, source).allows(name):
        raise ArchiveError(f"{name} of {source} is shown already")
    session.add(
        AllowedField(source=source, name=name, allowed_by=by, because=because, recorded_at=now)
    )
    session.flush()
    return project_changed(session, now)


def withdraw_field(
    session: Session, source: str, name: str, by: str, because: str, now: datetime
) -> int:
    """Show a field no longer that a person had allowed; returns how many records showed it.

    Raises:
        ArchiveError: if nobody has allowed it, or the decision names nobody or no reason.
    """
    _check_words(by, because)
    standing = select(AllowedField).where(
        AllowedField.source == source,
        AllowedField.name == name,
        col(AllowedField.withdrawn_at).is_(None),
    )
    row = session.exec(standing).first()
    if row is None:
        shown = read_shown_fields(session, source).allows(name)
        stated = "its spider states that it is shown; see paidforby redactions for single ads"
        raise ArchiveError(
            f"nobody has allowed {name} of {source}" + (f": {stated}" if shown else "")
        )
    row.withdrawn_by, row.withdrawn_because, row.withdrawn_at = by, because, now
    session.add(row)
    session.flush()
    return project_changed(session, now)


def list_decisions(session: Session) -> list[AllowedField]:
    """Every decision, newest first; those that were taken back too."""
    return list(session.exec(select(AllowedField).order_by(col(AllowedField.id).desc())))


def list_unknown(session: Session) -> list[UnknownField]:
    """The fields that wait for somebody to look at them, by source and name."""
    found: dict[tuple[str, str], list[datetime]] = defaultdict(list)
    shown: dict[str, Any] = {}
    for source, withheld, said_at in _read_withheld(session):
        allowed = shown.setdefault(source, read_shown_fields(session, source))
        for name in {*list_names(withheld.get("source_fields") or {})}:
            if not allowed.allows(name):
                found[source, name].append(said_at)
    return [
        UnknownField(source=source, name=name, records=len(times), since_at=min(times))
        for (source, name), times in sorted(found.items())
    ]


def _read_withheld(session: Session) -> Iterator[tuple[str, dict[str, Any], datetime]]:
    """What is not shown, with its source and when it was said."""
    ads = select(PublicAd.source, AdVersion.withheld, AdVersion.observed_at).join(
        AdVersion, col(AdVersion.ad_id) == col(PublicAd.id)
    )
    yield from session.execute(ads.where(col(AdVersion.withheld).is_not(None)))
    for table in (AdvertiserSpend, Disclosure, Committee):
        rows = select(table.source, table.withheld, table.observed_at)
        yield from session.execute(rows.where(col(table.withheld).is_not(None)))


def _check_words(by: str, because: str) -> None:
    if not by.strip() or not because.strip():
        raise ArchiveError("say who decides (--by) and why (--because)")
