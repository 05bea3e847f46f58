"""How much the archive holds, counted now from its tables."""

from typing import Any

from sqlalchemy import func
from sqlmodel import Session, SQLModel, col, select

from archive.models import (
    Ad,
    AdMetric,
    AdVersion,
    Advertiser,
    AdvertiserSpend,
    Capture,
    Disclosure,
    QuarantinedPiece,
    Signal,
    Source,
)
from archive.models.collecting import PieceStatus
from archive.realm import read_realm


def count_archive(session: Session) -> dict[str, Any]:
    """Counts of everything kept, in all and by source; `quarantined` counts what is still held."""
    return {
        "realm": read_realm(session),
        "ads": _count(session, Ad),
        "ad_versions": _count(session, AdVersion),
        "ad_metrics": _count(session, AdMetric),
        "advertisers": _count(session, Advertiser),
        "advertiser_spend": _count(session, AdvertiserSpend),
        "disclosures": _count(session, Disclosure),
        "captures": _count(session, Capture),
        "quarantined": _count(
            session, QuarantinedPiece, QuarantinedPiece.status == PieceStatus.HELD
        ),
        "vanished": _count(session, Ad, col(Ad.vanished_at).is_not(None)),
        "signals": _count(session, Signal),
        "by_source": _count_by_source(session),
    }


def _count(session: Session, table: type[SQLModel], *where: Any) -> int:  # noqa: ANN401 (an SQL expression)
    return session.exec(select(func.count()).select_from(table).where(*where)).one()


def _count_by_source(session: Session) -> dict[str, dict[str, int]]:
    versions = select(Ad.source, func.sum(Ad.versions)).group_by(Ad.source)
    counted: dict[str, dict[str, int]] = {
        source: {} for source in session.exec(select(Source.id).order_by(Source.id))
    }
    tables: dict[str, type[Ad | AdvertiserSpend | Disclosure | Capture | QuarantinedPiece]] = {
        "ads": Ad,
        "advertiser_spend": AdvertiserSpend,
        "disclosures": Disclosure,
        "captures": Capture,
        "quarantined": QuarantinedPiece,
    }
    for name, table in tables.items():
        rows = session.exec(select(table.source, func.count()).group_by(table.source))
        for source, number in rows:
            counted.setdefault(source, {})[name] = number
    for source, number in session.exec(versions):
        counted[source]["ad_versions"] = int(number)
    return {
        source: dict.fromkeys([*tables, "ad_versions"], 0) | numbers
        for source, numbers in counted.items()
    }
