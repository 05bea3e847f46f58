"""The public part of what is kept, made again when something was decided about what may be shown.

Commands call it. What the source said stays where it is: only what is shown of it moves, in every version,
statement and filing.
"""

from collections.abc import Iterator, Mapping, Sequence
from datetime import datetime
from typing import Any

from sqlmodel import Session, SQLModel, col, select

from archive.models import (
    AdVersion,
    AdvertiserSpend,
    ArchiveFact,
    Committee,
    Disclosure,
    DisclosureVersion,
    PublicAd,
    Source,
)
from archive.models.changes import ChangeKind
from archive.privacy.advertisers import cut_names
from archive.privacy.redaction_log import log_cut_names
from archive.privacy.shown import read_shown_fields, read_withheld
from archive.records import AdRecord, MissingReason
from archive.records.canonical import hash_json
from archive.records.postal_addresses import RULE, tell_address_given
from archive.records.projection import NUMBER_FIELDS, project_record
from archive.records.shown_fields import (
    ShownFields,
    Values,
    restore_content,
    show_content,
    show_statement,
)
from archive.records.wages import read_purposes
from archive.runs.asked_countries import list_asked
from archive.store.bulk import table_of, update_rows
from archive.store.changes import append_changes

AT_ONCE = 500

Stated = AdvertiserSpend | Committee | Disclosure

STATED: Mapping[type[Stated], ChangeKind] = {
    AdvertiserSpend: ChangeKind.ADVERTISER_SPEND,
    Disclosure: ChangeKind.DISCLOSURE,
    Committee: ChangeKind.COMMITTEE,
}


def project_changed(session: Session, now: datetime) -> int:
    """Project every source again of which other fields may be shown than when it was last projected.

    Returns how many ads, statements and filings look otherwise now.
    """
    changed, rules = 0, [RULE, read_purposes().pattern]
    for source in session.exec(select(Source.id).order_by(col(Source.id))).all():
        shown = read_shown_fields(session, source)
        mark = ArchiveFact(
            name=f"shown:{source}",
            value=hash_json({"names": sorted(shown.names), "rules": rules}),
        )
        held = session.get(ArchiveFact, mark.name)
        if held is None or held.value != mark.value:
            changed += _project_source(session, source, now)
            session.merge(mark)
    return changed


def _project_source(session: Session, source: str, now: datetime) -> int:
    shown, changed, after = read_shown_fields(session, source), 0, 0
    of_source = select(PublicAd.id).where(PublicAd.source == source).order_by(col(PublicAd.id))
    while ids := session.exec(of_source.where(col(PublicAd.id) > after).limit(AT_ONCE)).all():
        changed += project_ads(session, source, ids, now)
        after = ids[-1]
    for table, kind in STATED.items():
        for rows in _walk(session, table, source):
            ids = [row.id or 0 for row in rows if _show_row(row, shown)]
            if table is Disclosure:
                _project_filings(session, [row.id or 0 for row in rows], shown)
            session.flush()
            append_changes(session, kind, ids, now)
            changed += len(ids)
    cut_names(session, source, now)
    return changed


def project_ads(session: Session, source: str, ids: Sequence[int], now: datetime) -> int:
    """Show ads of a source as is decided now, in every version; returns how many look otherwise."""
    shown, redacted = read_shown_fields(session, source), read_withheld(session, ids)
    changed: dict[int, None] = {}
    cut: list[tuple[int, str, Values | None]] = []
    query = select(AdVersion).where(col(AdVersion.ad_id).in_(ids)).order_by(col(AdVersion.id))
    for version in session.exec(query).all():
        whole = restore_content(version.content, version.withheld)
        content, withheld = show_content(whole, shown, sorted(redacted.get(version.ad_id, ())))
        if (content, withheld) != (version.content, version.withheld):
            version.content, version.withheld = content, withheld
            changed[version.ad_id] = None
            cut.append((version.ad_id, content["ref"], withheld))
            session.add(version)
    session.flush()
    log_cut_names(session, source, cut, now)
    for some in session.exec(select(PublicAd).where(col(PublicAd.id).in_(changed))).all():
        _project_current(session, some)
    session.flush()
    session.expunge_all()
    _tell_addresses(session, ids)
    append_changes(session, ChangeKind.AD_CONTENT, changed, now)
    return len(changed)


def _tell_addresses(session: Session, ids: Sequence[int]) -> None:
    """Say of payers without an address that they have none, where the archive is older than the question."""
    table = table_of(PublicAd)
    asked = select(table.c.id, table.c.payer_name, table.c.missing).where(
        table.c.id.in_(ids), table.c.payer_address_given.is_(None)
    )
    told = []
    for ad_id, name, missing in session.connection().execute(asked):
        is_blank = missing.get("payer_name") == MissingReason.NOT_DISCLOSED
        if tell_address_given(name, is_blank=is_blank) is False:
            told.append((ad_id, False))
    update_rows(session, table, ("id", "payer_address_given"), told)


def _project_current(session: Session, row: PublicAd) -> None:
    """The columns of the public view that follow from the current version."""
    version = session.get_one(AdVersion, row.version_id)
    numbers = {name: getattr(row, name) for name in NUMBER_FIELDS}
    reasons = {name: why for name, why in row.missing.items() if name in NUMBER_FIELDS}
    content = version.content | {"missing": version.content["missing"] | reasons}
    record = AdRecord(**content, **numbers)
    asked = list_asked(session, [row.id]).get(row.id, ())
    for name, value in project_record(row.source, record, version.withheld, asked).items():
        setattr(row, name, value)
    row.missing = dict(sorted(row.missing.items()))
    row.content_sha256 = version.shown_sha256
    session.add(row)


def _walk(session: Session, table: type[Stated], source: str) -> Iterator[list[Stated]]:
    """The rows of a source, some at a time, by rising id."""
    after, key = 0, col(table.id)
    query = select(table).where(table.source == source).order_by(key).limit(AT_ONCE)
    while rows := list[Stated](session.scalars(query.where(key > after))):
        after = rows[-1].id or 0
        yield rows
        session.expunge_all()


def _show_row(row: SQLModel, shown: ShownFields) -> bool:
    """Show of a row what may be shown; says whether it looks otherwise."""
    before: dict[str, Any] = dict(row.__dict__)
    values, withheld = show_statement(restore_content(before, before["withheld"]), shown)
    moved = {k: v for k, v in (values | {"withheld": withheld}).items() if v != before.get(k)}
    for name, value in moved.items():
        setattr(row, name, value)
    return bool(moved)


def _project_filings(session: Session, ids: Sequence[int], shown: ShownFields) -> None:
    of_these = col(DisclosureVersion.disclosure_id).in_(ids)
    for version in session.exec(select(DisclosureVersion).where(of_these)).all():
        whole = restore_content(version.content, version.withheld)
        version.content, version.withheld = show_statement(whole, shown)
