"""One byte string for one value: canonical JSON and the hashes made from it.

Ingest, the ledger and the oversight room hash through here; it knows no tables.
"""

import hashlib
import json
from collections.abc import Mapping
from typing import Any


def canonical_json(value: object) -> bytes:
    """JSON with sorted keys, no spaces and UTF-8 text; equal values give equal bytes."""
    return json.dumps(
        value, sort_keys=True, separators=(",", ":"), ensure_ascii=False, allow_nan=False
    ).encode()


def hash_json(value: Mapping[str, Any]) -> str:
    """SHA-256 of the canonical JSON, in hex."""
    return hash_bytes(canonical_json(value))


def hash_bytes(data: bytes) -> str:
    """SHA-256, in hex."""
    return hashlib.sha256(data).hexdigest()
