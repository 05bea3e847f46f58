"""What a request is called in logs: never by what somebody searched for, or by what opens a report."""

import logging

from starlette.types import Scope

security = logging.getLogger("paidforby.security")
"""Failed keys, refusals, and who saw or did what that needs a key."""

RECEIPTS = ("/report/", "/api/v1/notices")
"""Paths of answers that only whoever holds a receipt may have."""

SHOWN_OF_A_RECEIPT = 4


def name_request(scope: Scope) -> str:
    """Method and path, without the words of a search and without what a receipt opens."""
    path: str = scope["path"]
    for before in RECEIPTS:
        rest = path.removeprefix(f"{before.rstrip('/')}/")
        receipt, slash, what = rest.partition("/")
        if rest != path and receipt:
            return f"{scope['method']} {path[: -len(rest)]}{receipt[:SHOWN_OF_A_RECEIPT]}…{slash}{what}"
    return f"{scope['method']} {path}"
