"""What the answers of Meta's Ad Library API mean: its errors stand in the body, by code and by words.

The spider's `judge_answer` calls it. Codes and what to do about each: Meta's Graph API documentation
("Handling Errors") and what collectors report of `ads_archive`.
"""

import json
from typing import Any

from scrapy.http import Response

from scrapers.fetching.answers import READ, Judgement, Verdict, judge_status

VERDICTS = {
    1: Verdict.TRANSIENT,
    2: Verdict.TRANSIENT,
    4: Verdict.QUOTA,
    10: Verdict.AUTH,
    17: Verdict.QUOTA,
    102: Verdict.AUTH,
    190: Verdict.AUTH,
    200: Verdict.AUTH,
    613: Verdict.QUOTA,
}
PARAMETER_CODE = 100
USAGE_HEADER = "X-Business-Use-Case-Usage"
RENEW = (
    "the token must be one of a person whose identity is confirmed at facebook.com/ID; make a new "
    "one at developers.facebook.com/tools/explorer and type: export PAIDFORBY_META_ACCESS_TOKEN=…"
)


def judge_meta_answer(response: Response) -> Judgement:
    """The judgement of one answer of the API."""
    body = read_object(response.body)
    if body is None:
        # Overloaded, it answers with a page made for people, whatever the status.
        reason = f"status {response.status}, and no JSON but: {show_start(response.body)}"
        return Judgement(Verdict.TRANSIENT, reason)
    if isinstance(body.get("error"), dict):
        return judge_error(body["error"], read_usage_wait(response))
    if response.status != 200:
        return judge_status(response)
    if not isinstance(body.get("data"), list):
        return Judgement(Verdict.SCHEMA, "the answer has neither `data` nor `error`")
    return READ


def judge_error(error: dict[str, Any], wait_seconds: float | None) -> Judgement:
    """The judgement of the API's own error object.

    Code 1 stands for an accident as well as for too large a page: only the words tell them apart.
    """
    code = error.get("code")
    message = str(error.get("message", ""))[:300]
    reason = f"Meta answered with error {code}: {message}"
    if "reduce the amount of data" in message:
        return Judgement(Verdict.SMALLER, reason)
    if code == PARAMETER_CODE and "cursor" in message.casefold():
        # A cursor rests on an ad and dies when that ad is removed.
        return Judgement(Verdict.LOST_PLACE, reason)
    verdict = VERDICTS.get(code) if isinstance(code, int) else None
    if verdict == Verdict.AUTH:
        return Judgement(verdict, f"{reason}; {RENEW}")
    if verdict is None:
        verdict = Verdict.TRANSIENT if error.get("is_transient") is True else Verdict.SCHEMA
    return Judgement(verdict, reason, wait_seconds if verdict == Verdict.QUOTA else None)


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
    return max(known) * 60.0 if known else None


def read_object(body: bytes) -> dict[str, Any] | None:
    """A JSON object, or `None` for anything else."""
    try:
        value = json.loads(body)
    except (ValueError, RecursionError):
        return None
    return value if isinstance(value, dict) else None


def show_start(body: bytes) -> str:
    """The beginning of an answer that is none, fit for one line."""
    text = body[:200].decode("utf-8", errors="replace")
    return " ".join(text.split())[:80] or "nothing"
