"""How a long download leaves: part by part, a thread only while a part is made, and never too many.

Routes hand out what `send_rows` makes. It reads no table itself; the parts do, when they are asked for.
"""

from collections.abc import Generator
from datetime import UTC, datetime
from threading import BoundedSemaphore

from anyio import CancelScope, fail_after
from starlette.concurrency import run_in_threadpool
from starlette.datastructures import URL
from starlette.requests import Request
from starlette.responses import Response, StreamingResponse
from starlette.types import Receive, Scope, Send

from api.errors import make_problem
from archive.errors import QuestionError
from archive.exports.downloads import Form
from archive.exports.downloads.cells import write_time
from config.site_root import lead_below

MOST_AT_ONCE = 6
"""Downloads at a time in this process; while a part is made it holds one of the connections that
`api.admission` shares out."""

SECONDS_PER_PART = 60
"""A reader who takes no part for so long is cut, and may go on from the last row it got."""

RETRY_SECONDS = "30"

PLACES = BoundedSemaphore(MOST_AT_ONCE)

PARQUET = "application/vnd.apache.parquet"

MEDIA_TYPES = {
    Form.CSV: "text/csv; charset=utf-8; header=present",
    Form.JSON_LINES: "application/jsonl",
    Form.PARQUET: PARQUET,
    Form.SIDECAR: "application/json",
}


class Download(StreamingResponse):
    """A file made while it is sent; what fails before its first part is answered as a problem."""

    def __init__(
        self, parts: Generator[bytes, None, None], media_type: str, file_name: str, beside: str
    ) -> None:
        """`beside`: the address of what is known of the rows."""
        headers = {
            "Content-Disposition": f'attachment; filename="{file_name}"',
            "Link": f'<{beside}>; rel="describedby"',
        }
        super().__init__(parts, headers=headers, media_type=media_type)
        self.parts = parts

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Send the file, or say that too many are under way."""
        if not PLACES.acquire(blocking=False):
            refusal = _refuse(Request(scope).url.path)
            await refusal(scope, receive, send)
            return
        try:
            await super().__call__(scope, receive, send)
        finally:
            with CancelScope(shield=True):
                await run_in_threadpool(self.parts.close)
            PLACES.release()

    async def stream_response(self, send: Send) -> None:
        """Send part after part; the next is made once the reader has taken the one before."""
        part = await run_in_threadpool(next, self.parts, None)
        await send({"type": "http.response.start", "status": 200, "headers": self.raw_headers})
        while part is not None:
            with fail_after(SECONDS_PER_PART):
                await send({"type": "http.response.body", "body": part, "more_body": True})
            part = await run_in_threadpool(next, self.parts, None)
        await send({"type": "http.response.body", "body": b"", "more_body": False})


def send_rows(
    parts: Generator[bytes, None, None],
    form: Form,
    name: str,
    known_at: datetime,
    beside: URL,
    *,
    excel: bool,
) -> Download:
    """A file of rows as this archive knew them at a time; `beside`: where to ask for what is known of them.

    Raises:
        QuestionError: if another form than CSV is asked for as spreadsheets open it.
    """
    if excel and form is not Form.CSV:
        raise QuestionError("excel", "excel goes with CSV only")
    ending = "meta.json" if form is Form.SIDECAR else form
    pinned = beside.include_query_params(as_of=write_time(known_at)).remove_query_params("excel")
    return Download(
        parts,
        MEDIA_TYPES[form],
        f"paidforby-{name}-{write_stamp(known_at)}.{ending}",
        lead_below(f"{pinned.path}?{pinned.query}"),
    )


def write_stamp(at: datetime) -> str:
    """A time as part of a file's name, whole: what it names is of that very moment."""
    return f"{at.astimezone(UTC).isoformat().replace(':', '').removesuffix('+0000')}Z"


def _refuse(path: str) -> Response:
    detail = f"{MOST_AT_ONCE} downloads are under way; try again in {RETRY_SECONDS} seconds"
    return make_problem(path, 503, detail, headers={"Retry-After": RETRY_SECONDS})
