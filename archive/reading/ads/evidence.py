"""Evidence for readers: the hash, address and time of captures, never their bytes.

A capture may be a publisher's whole bulk file, with fields that this archive does not show.
"""

from collections.abc import Iterable
from mimetypes import MimeTypes

from sqlmodel import Session, col, select

from archive.errors import NotFoundError
from archive.models import AdMetric, AdVersion, Capture
from archive.reading.ads.ads import find_ad_row
from archive.reading.views import EvidenceView

MEDIA_TYPES = frozenset(MimeTypes().types_map[True].values()) | {"application/x-ndjson"}
"""Python's own list, whatever the machine has one of."""


def read_evidence(session: Session, capture_id: int) -> EvidenceView:
    """The reference of one capture.

    Raises:
        NotFoundError: if there is none with this id.
    """
    capture = session.get(Capture, capture_id)
    if capture is None:
        raise NotFoundError("capture", str(capture_id))
    return _show([capture])[0]


def list_evidence(session: Session, ad_id: str) -> list[EvidenceView]:
    """The captures in which an ad's versions and numbers stand, oldest first.

    Raises:
        NotFoundError: if the archive does not hold the ad.
    """
    key = find_ad_row(session, ad_id).id
    in_versions = select(AdVersion.capture_id).where(AdVersion.ad_id == key)
    in_metrics = select(AdMetric.capture_id).where(AdMetric.ad_id == key)
    ids = {*session.exec(in_versions), *session.exec(in_metrics)} - {None}
    query = select(Capture).where(col(Capture.id).in_(ids)).order_by(col(Capture.id))
    return _show(session.exec(query))


def _show(captures: Iterable[Capture]) -> list[EvidenceView]:
    return [
        EvidenceView.model_validate(capture, update={"media_type": _name_kind(capture.media_type)})
        for capture in captures
    ]


def _name_kind(said: str) -> str:
    """The kind a source gave, if it is one that there is: a header may hold anything."""
    kind = said.partition(";")[0].strip().lower()
    return kind if kind in MEDIA_TYPES else ""
