"""The errors of Meta's Ad Library API: codes, statuses and words as collectors have met them.

`meta_ad_library.py` answers with them, `meta_faults.py` puts them in the way.
"""

from dataclasses import dataclass
from typing import Any

from starlette.responses import JSONResponse, Response


@dataclass(frozen=True)
class MetaError:
    """An error of the API, as its body and status say it."""

    code: int
    message: str
    status: int = 400
    subcode: int | None = None
    is_transient: bool = False

    def to_response(self) -> Response:
        """The error as it goes over the wire."""
        error: dict[str, Any] = {
            "message": self.message,
            "type": "OAuthException",
            "code": self.code,
            "fbtrace_id": "AFictionalTraceOfNothing",
        }
        if self.subcode is not None:
            error["error_subcode"] = self.subcode
        if self.is_transient:
            error["is_transient"] = True
        return JSONResponse({"error": error}, self.status)


ERRORS = {
    error.code: error
    for error in (
        MetaError(1, "An unknown error occurred", status=500, subcode=99),
        MetaError(2, "(#2) Service temporarily unavailable", is_transient=True),
        MetaError(4, "Application request limit reached"),
        MetaError(10, "(#10) The application may not use the Ad Library", subcode=2332002),
        MetaError(17, "User request limit reached"),
        MetaError(100, "(#100) Invalid parameter"),
        MetaError(190, "Error validating access token: it is not valid or has expired"),
        MetaError(613, "(#613) Calls to this api have exceeded the rate limit."),
    )
}

TOO_MUCH_DATA = MetaError(
    1, "Please reduce the amount of data you're asking for, then retry your request", status=500
)
"""Shares code and status with the unknown error: only its words tell them apart."""


def refuse_parameter(problem: str) -> MetaError:
    """The error for a parameter the API does not accept."""
    return MetaError(100, f"(#100) {problem}")
