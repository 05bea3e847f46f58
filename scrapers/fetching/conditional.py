"""Whether a source's file is still the one we hold: validators for the next request, equal bytes.

The capture middleware asks before it hands a file on to be read; `crawling.py` keeps the validators.
"""

from dataclasses import dataclass

from scrapy.http import Response
from sqlmodel import Session, col, select

from archive.models import Capture, Checkpoint, Run
from archive.models.runs import ENDED_WELL, RunKind
from archive.runs.lease import RunLease


@dataclass(frozen=True)
class Validators:
    """What a source calls the state of a file (RFC 9110, 8.8)."""

    etag: str | None = None
    last_modified: str | None = None


def read_validators(session: Session, source: str, partition: str) -> Validators:
    """The validators of the file that was last taken in whole, unless an import came after it."""
    mark = session.get(Checkpoint, (source, partition))
    if mark is None or _was_imported_since(session, source, mark.run_id):
        return Validators()
    return Validators(mark.etag, mark.last_modified)


def validators_of(response: Response) -> Validators:
    """The validators an answer carries."""
    return Validators(_header(response, "ETag"), _header(response, "Last-Modified"))


def _header(response: Response, name: str) -> str | None:
    value = response.headers.get(name)
    return value.decode("latin-1") if value else None


def is_captured(session: Session, lease: RunLease, url: str, sha256: str) -> bool:
    """Whether these bytes are the very ones of this address that were last taken in whole.

    Bytes that came back after others stood in their place are news, and so are bytes after an import:
    it may have changed what they say.
    """
    query = (
        select(Capture.sha256, Capture.run_id)
        .join(Run, col(Run.id) == Capture.run_id)
        .where(
            Capture.source == lease.source,
            Capture.partition == lease.partition,
            Capture.url == url,
            Capture.status == 200,
            col(Run.outcome).in_(ENDED_WELL),
        )
        .order_by(col(Capture.id).desc())
    )
    newest = session.exec(query.limit(1)).first()
    if newest is None or newest[0] != sha256:
        return False
    return not _was_imported_since(session, lease.source, newest[1])


def _was_imported_since(session: Session, source: str, run_id: int | None) -> bool:
    """Whether an import of the source has changed anything after a run."""
    query = select(Run.id).where(
        Run.source == source,
        Run.kind == RunKind.IMPORT,
        col(Run.id) > (run_id or 0),
        col(Run.new) + col(Run.changed) > 0,
    )
    return session.exec(query.limit(1)).first() is not None
