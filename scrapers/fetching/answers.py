"""What an HTTP answer means for a walk: read on, wait, or stop, and why; which piece of a file it brings.

`middlewares.py` asks a spider's `classify_response`; a source whose errors stand in the body (Meta's API)
classifies its own. `downloads.py` asks about pieces. Nothing here waits or retries.
"""

import re
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from email.utils import parsedate_to_datetime
from enum import StrEnum

from scrapy.http import Response

from archive.bounds import WAIT


class NextStep(StrEnum):
    """What to do with an answer."""

    READ = "read"
    SMALLER = "smaller"
    """The source asks for smaller pages; the spider asks again."""
    LOST_PLACE = "lost_place"
    """The source no longer knows where we were; the spider steps back."""
    TRANSIENT = "transient"
    QUOTA = "quota"
    AUTH = "auth"
    GONE = "gone"
    SCHEMA = "schema"


@dataclass(frozen=True)
class ResponseVerdict:
    """A verdict, why, and for how long the source asks to be left alone."""

    verdict: NextStep
    reason: str = ""
    wait_seconds: float | None = None


READ = ResponseVerdict(NextStep.READ)

LONGEST_NUMBER = 20
"""Digits; Python refuses to read very many of them."""

BROKEN_OFF = "broken off"
"""Flag of an answer whose body is shorter than was declared; any other flag says why it is refused."""

CONTENT_RANGE = re.compile(r"bytes ([0-9]{1,18})-[0-9]{1,18}/([0-9]{1,18}|\*)")


def classify_status(response: Response) -> ResponseVerdict:
    """The verdict on a source that says everything by its status."""
    status = response.status
    reason = f"the source answered with status {status}"
    if 200 <= status < 300:
        return READ
    if status == 429:
        return ResponseVerdict(NextStep.QUOTA, reason)
    if status >= 500 or status == 408:
        return ResponseVerdict(NextStep.TRANSIENT, reason)
    if status in {401, 403}:
        return ResponseVerdict(NextStep.AUTH, f"{reason}: it does not let us in")
    if status in {404, 410}:
        return ResponseVerdict(NextStep.GONE, f"{reason}: there is no such file")
    return ResponseVerdict(NextStep.SCHEMA, reason)


def read_wait(text: str, now: datetime) -> float | None:
    """Seconds that a header Retry-After asks for, given as seconds or as a date (RFC 9110, 10.2.3).

    `None` when it is absent or makes no sense.
    """
    text = text.strip()
    if text.isascii() and text.isdigit():
        return bound_wait(int(text[:LONGEST_NUMBER]))
    try:
        return bound_wait((parsedate_to_datetime(text) - now).total_seconds())
    except (ValueError, TypeError, OverflowError):
        return None


def bound_wait(seconds: float) -> float:
    """How long we stay away when a source asks for so long: never for months."""
    return float(min(max(seconds, 0), WAIT.most))


def read_range(headers: Mapping[str, str]) -> tuple[int | None, int | None]:
    """The first byte of the piece that came, and the length of the whole (RFC 9110, 14.4).

    `None` for what the source does not say, or says in a way that makes no sense.
    """
    found = CONTENT_RANGE.fullmatch(headers.get("Content-Range", ""))
    if found is None:
        return None, None
    start, length = found.groups()
    return int(start), None if length == "*" else int(length)


def read_strong_validator(headers: Mapping[str, str]) -> str | None:
    """What names these very bytes, so that a rest may be asked for by it (RFC 9110, 8.8.1, 13.1.5).

    A weak entity tag does not, nor does a date of the very second in which the file was sent.
    """
    if etag := headers.get("ETag"):
        return None if etag.startswith("W/") else etag
    modified, sent = headers.get("Last-Modified", ""), headers.get("Date", "")
    try:
        is_strong = parsedate_to_datetime(sent) > parsedate_to_datetime(modified)
    except (ValueError, TypeError, OverflowError):
        return None
    return modified if is_strong else None
