"""Raw evidence: every capture is a row, its bytes a blob; equal bytes share one blob.

The capture middleware and `import` call it before anyone parses the bytes.
"""

import re
from collections.abc import Container
from datetime import datetime
from urllib.parse import parse_qsl, unquote_plus, urlencode, urlsplit, urlunsplit

from sqlalchemy import func
from sqlmodel import Session, col, select

from archive.models import Capture, Run
from archive.models.changes import LeafKind
from archive.models.runs import ENDED_WELL
from archive.runs.lease import RunLease
from archive.store.blobs import Blob
from archive.store.ledger.leaves import append_leaves

SECRET_PARAMETER = re.compile(
    r"token|secret|key|signature|\bsig\b|password|auth|credential", re.IGNORECASE
)
IN_TEXT = re.compile(r"""(?<=[?&#])([^=\s&?#<>"')]+)(=[^\s&#<>"')]*)?""")
"""A parameter with its value, in an address that somebody else's sentence quotes."""
REDACTED = "REDACTED"


def save_capture(
    session: Session,
    lease: RunLease,
    blob: Blob,
    *,
    url: str,
    now: datetime,
    status: int | None = None,
    media_type: str = "",
) -> Capture:
    """Note that a run got these bytes from this address, with its ledger leaf."""
    capture = Capture(
        run_id=lease.run_id,
        source=lease.source,
        partition=lease.partition,
        url=redact_url(url),
        status=status,
        media_type=media_type,
        fetched_at=now,
        sha256=blob.sha256,
        bytes=blob.size,
    )
    session.add(capture)
    session.flush()
    statement = {
        "source": lease.source,
        "partition": lease.partition,
        "url": capture.url,
        "sha256": blob.sha256,
        "fetched_at": now.isoformat(),
    }
    append_leaves(session, LeafKind.CAPTURE, [(_id_of(capture), statement)], now)
    return capture


def last_applied_at(session: Session, source: str, partition: str, sha256: str) -> datetime | None:
    """Newest observation time under which these bytes were wholly taken in; `None`: never.

    Bytes of a run that did not end well do not count: part of them may never have been read.
    """
    query = (
        select(func.max(Run.observed_at))
        .join(Capture, col(Capture.run_id) == Run.id)
        .where(
            Capture.source == source,
            Capture.partition == partition,
            Capture.sha256 == sha256,
            col(Run.outcome).in_(ENDED_WELL),
        )
    )
    return session.exec(query).one()


def name_file(capture: Capture) -> str:
    """The name of the file that a capture holds; of one that was imported with the folder it lay in."""
    is_address = "://" in capture.url
    return capture.url.split("?")[0].rsplit("/", 1)[-1] if is_address else capture.url


def redact_url(url: str, shown: Container[str] | None = None) -> str:
    """The address without user name, password, and values of parameters that are secret.

    `shown`: the parameters whose values may be kept; `None`: all but those that sound like a secret.
    """
    parts = urlsplit(url)
    query = urlencode(parse_qsl(parts.query, keep_blank_values=True))
    kept = parts._replace(
        netloc=parts.netloc.rpartition("@")[2],
        query=redact_text(f"?{query}", shown).removeprefix("?"),
        fragment=parts.fragment if shown is None else "",
    )
    return url if kept == parts else urlunsplit(kept)


def redact_text(text: str, shown: Container[str] | None = None) -> str:
    """A sentence or a log line without such values in the addresses it quotes."""

    def redact(match: re.Match[str]) -> str:
        name, value = unquote_plus(match[1]), match[2]
        if shown is None:
            return f"{match[1]}={REDACTED}" if value and SECRET_PARAMETER.search(name) else match[0]
        if name in shown:
            return match[0]
        # A key may stand in an address without a name.
        return f"{match[1]}={REDACTED}" if value not in (None, "=") else REDACTED

    return IN_TEXT.sub(redact, text)


def _id_of(capture: Capture) -> int:
    if capture.id is None:
        raise ValueError("a capture has its id once it is flushed")
    return capture.id
