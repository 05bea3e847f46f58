"""Ids that strangers may cite: of ads and of who runs them.

Ingest makes them, routes and pages read them back. Nothing here links one advertiser to another.
"""

import unicodedata
from functools import lru_cache
from urllib.parse import quote

from archive.records.canonical import hash_bytes


def public_id(source: str, ref: str) -> str:
    """Permanent id of an ad, `<source>:<ref>`."""
    return f"{source}:{ref}"


def split_public_id(value: str) -> tuple[str, str]:
    """Source and ref of a permanent id; the ref may hold colons of its own.

    Raises:
        ValueError: if it has no colon.
    """
    source, colon, ref = value.partition(":")
    if not colon or not source or not ref:
        raise ValueError(f"{value!r} is not an ad's id; one looks like snap:3543bda6")
    return source, ref


def ad_path(source: str, ref: str) -> str:
    """Permanent link of an ad within the site, percent-encoded once."""
    return f"/ads/{quote(source, safe='')}/{quote(ref, safe='')}"


# A file names each of its advertisers a hundred times over.
@lru_cache(maxsize=10_000)
def advertiser_id(source: str, ref: str | None, name: str | None) -> str | None:
    """Our id of who runs an ad: by the source's id, else weakly by name; `None` if it gives neither.

    The weak form is `<source>:name:<16 hex of the SHA-256 of the NFKC-normalised, trimmed name>`.
    """
    if ref:
        return f"{source}:{ref}"
    if name and (trimmed := unicodedata.normalize("NFKC", name).strip()):
        return f"{source}:name:{hash_bytes(trimmed.encode())[:16]}"
    return None
