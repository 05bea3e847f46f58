"""What the answers of Meta's Ad Library API mean: its errors stand in the body, by code and by words.

The spider's `classify_response` calls it. Codes and what to do about each: Meta's Graph API documentation
("Handling Errors") and what collectors report of `ads_archive`.
"""

import json
from typing import Any

from scrapy.http import Response

from scrapers.fetching.answers import READ, NextStep, ResponseVerdict, bound_wait, classify_status
from scrapers.readers.objects import check_size

VERDICTS = {
    1: NextStep.TRANSIENT,
    2: NextStep.TRANSIENT,
    4: NextStep.QUOTA,
    10: NextStep.AUTH,
    17: NextStep.QUOTA,
    102: NextStep.AUTH,
    190: NextStep.AUTH,
    200: NextStep.AUTH,
    613: NextStep.QUOTA,
}
PARAMETER_CODE = 100
USAGE_HEADER = "X-Business-Use-Case-Usage"
RENEW = (
    "the token must be one of a person whose identity is confirmed at facebook.com/ID; make a new "
    "one at developers.facebook.com/tools/explorer and type: export PAIDFORBY_META_ACCESS_TOKEN=…"
)


def classify_meta_response(response: Response) -> ResponseVerdict:
    """The verdict on one answer of the API."""
    body = read_object(response.body)
    if body is None:
        # Overloaded, it answers with a page made for people, whatever the status.
        reason = f"status {response.status}, and no JSON but: {show_start(response.body)}"
        return ResponseVerdict(NextStep.TRANSIENT, reason)
    if isinstance(body.get("error"), dict):
        return classify_error(body["error"], read_usage_wait(response))
    if response.status != 200:
        return classify_status(response)
    if not isinstance(body.get("data"), list):
        return ResponseVerdict(NextStep.SCHEMA, "the answer has neither `data` nor `error`")
    return READ


def classify_error(error: dict[str, Any], wait_seconds: float | None) -> ResponseVerdict:
    """The verdict on the API's own error object.

    Code 1 stands for an accident as well as for too large a page: only the words tell them apart.
    """
    code = error.get("code")
    message = str(error.get("message", ""))[:300]
    reason = f"Meta answered with error {code}: {message}"
    if "reduce the amount of data" in message:
        return ResponseVerdict(NextStep.SMALLER, reason)
    if code == PARAMETER_CODE and "cursor" in message.casefold():
        # A cursor rests on an ad and dies when that ad is removed.
        return ResponseVerdict(NextStep.LOST_PLACE, reason)
    verdict = VERDICTS.get(code) if isinstance(code, int) else None
    if verdict == NextStep.AUTH:
        return ResponseVerdict(verdict, f"{reason}; {RENEW}")
    if verdict is None:
        verdict = NextStep.TRANSIENT if error.get("is_transient") is True else NextStep.SCHEMA
    return ResponseVerdict(verdict, reason, wait_seconds if verdict == NextStep.QUOTA else None)


def read_usage_wait(response: Response) -> float | None:
    """Seconds until the API lets us in again, from its usage header; `None` when it does not say.

    The header gives minutes for each app and kind of use; the longest counts.
    """
    usage = read_object(response.headers.get(USAGE_HEADER) or b"")
    if usage is None:
        return None
    entries = [entry for uses in usage.values() if isinstance(uses, list) for entry in uses]
    minutes = [
        entry.get("estimated_time_to_regain_access") for entry in entries if isinstance(entry, dict)
    ]
    known = [value for value in minutes if isinstance(value, int) and value > 0]
    return bound_wait(max(known) * 60) if known else None


def read_object(body: bytes) -> dict[str, Any] | None:
    """A JSON object, or `None` for anything else."""
    try:
        check_size(body)
        value = json.loads(body)
    except (ValueError, RecursionError):
        return None
    return value if isinstance(value, dict) else None


def show_start(body: bytes) -> str:
    """The beginning of an answer that is none, fit for one line."""
    text = body[:200].decode("utf-8", errors="replace")
    return " ".join(text.split())[:80] or "nothing"
