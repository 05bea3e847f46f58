"""How much the archive holds, counted now from its tables.

Ads, their versions and their numbers are counted as lists show them: those without a political label are
counted beside, as `unlabelled`. Signals are those of all ads.
"""

from collections import defaultdict
from collections.abc import Mapping
from typing import Any

from sqlalchemy import func
from sqlmodel import Session, SQLModel, col, select
from sqlmodel.sql.expression import SelectOfScalar

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
from archive.models.runs import PieceStatus
from archive.reading.visible import select_hidden
from archive.store.realm import read_realm


def count_archive(session: Session) -> dict[str, Any]:
    """Counts of everything kept, in all and by source; `quarantined` counts what is not settled yet."""
    hidden_by_default = select_hidden()
    vanished = col(Ad.vanished_at).is_not(None)
    of_hidden = col(Ad.id).in_(hidden_by_default)
    unlabelled = _count(session, Ad, of_hidden)
    return {
        "realm": read_realm(session),
        "ads": _count(session, Ad) - unlabelled,
        "unlabelled": unlabelled,
        "ad_versions": _count(session, AdVersion)
        - _count(session, AdVersion, col(AdVersion.ad_id).in_(hidden_by_default)),
        "ad_metrics": _count(session, AdMetric)
        - _count(session, AdMetric, col(AdMetric.ad_id).in_(hidden_by_default)),
        "advertisers": _count(session, Advertiser),
        "advertiser_spend": _count(session, AdvertiserSpend),
        "disclosures": _count(session, Disclosure),
        "captures": _count(session, Capture),
        "quarantined": _count(
            session, QuarantinedPiece, QuarantinedPiece.status == PieceStatus.QUARANTINED
        ),
        "vanished": _count(session, Ad, vanished) - _count(session, Ad, vanished, of_hidden),
        "signals": _count(session, Signal),
        "by_source": _count_by_source(session, hidden_by_default),
    }


def _count(session: Session, table: type[SQLModel], *where: Any) -> int:  # noqa: ANN401 (an SQL expression)
    return session.exec(select(func.count()).select_from(table).where(*where)).one()


TABLES: Mapping[str, type[AdvertiserSpend | Disclosure | Capture | QuarantinedPiece]] = {
    "advertiser_spend": AdvertiserSpend,
    "disclosures": Disclosure,
    "captures": Capture,
    "quarantined": QuarantinedPiece,
}
"""What is counted by source beside its ads."""


def _count_by_source(
    session: Session, hidden_by_default: SelectOfScalar[int]
) -> dict[str, dict[str, int]]:
    names = ("ads", "unlabelled", *TABLES, "ad_versions")
    counted: defaultdict[str, dict[str, int]] = defaultdict(lambda: dict.fromkeys(names, 0))
    # Each source is named, also one of which nothing is kept.
    counted |= {
        source: dict.fromkeys(names, 0)
        for source in session.exec(select(Source.id).order_by(Source.id))
    }
    for name, table in TABLES.items():
        for source, number in session.exec(
            select(table.source, func.count()).group_by(table.source)
        ):
            counted[source][name] = number
    ads = select(Ad.source, func.count(), func.sum(Ad.versions)).group_by(Ad.source)
    for source, number, versions in session.exec(ads):
        counted[source] |= {"ads": number, "ad_versions": int(versions)}
    for source, number, versions in session.exec(ads.where(col(Ad.id).in_(hidden_by_default))):
        counted[source]["unlabelled"] = number
        counted[source]["ads"] -= number
        counted[source]["ad_versions"] -= int(versions)
    return dict(counted)
