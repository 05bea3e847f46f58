"""One byte string for one value: canonical JSON and the hashes made from it.

Ingest, the ledger and the oversight room hash through here; it knows no tables.
"""

import hashlib
import json
from collections.abc import Mapping
from typing import Any

import orjson

CANONICAL = orjson.OPT_SORT_KEYS | orjson.OPT_UTC_Z


def canonical_json(value: object) -> bytes:
    """JSON with sorted keys, no spaces and UTF-8 text; equal values give equal bytes.

    Instants are written as RFC 3339 with `Z` for UTC, days as ISO 8601. A value that is not a number
    (NaN) has no place in a record; readers refuse it before it comes here.
    """
    try:
        return orjson.dumps(value, option=CANONICAL)
    except TypeError:
        # Whole numbers beyond 64 bits, which sources may write in nested objects.
        return json.dumps(
            value, sort_keys=True, separators=(",", ":"), ensure_ascii=False, allow_nan=False
        ).encode()


def hash_json(value: Mapping[str, Any]) -> str:
    """SHA-256 of the canonical JSON, in hex."""
    return hash_bytes(canonical_json(value))


def hash_bytes(data: bytes) -> str:
    """SHA-256, in hex."""
    return hashlib.sha256(data).hexdigest()
