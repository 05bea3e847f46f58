"""`public_ad`: the public view of each ad as it is now, kept in step by ingest.

Search, rules, lists and exports read this table and nothing behind it.
"""

import re
import unicodedata
from collections.abc import Iterable
from typing import Any
from urllib.parse import urlsplit

from archive.identity import advertiser_id, public_id
from archive.records import AdNumbers, AdRecord

WHITE_SPACE = re.compile(r"\s+")

NUMBER_FIELDS = frozenset(AdNumbers.model_fields)
"""Spend, impressions, reach and audience are metrics; all else is content."""


def project_record(source: str, record: AdRecord) -> dict[str, Any]:
    """The columns of `public_ad` that follow from what the source said."""
    text = "\n".join((*record.titles, *record.bodies, *record.descriptions))
    return record.model_dump() | {
        "public_id": public_id(source, record.ref),
        "source": source,
        "advertiser_id": advertiser_id(source, record.advertiser_ref, record.advertiser_name),
        "text": text,
        "text_folded": fold_text(text),
        "landing_domains": list_domains(record.landing_urls),
    }


def project_numbers(record: AdRecord) -> dict[str, Any]:
    """The columns of `public_ad` that change when only the numbers moved."""
    return record.model_dump(include={*NUMBER_FIELDS, "missing"})


def fold_text(text: str) -> str:
    """Text as rules compare it: NFKC, case folded, white space as single spaces."""
    return WHITE_SPACE.sub(" ", unicodedata.normalize("NFKC", text).casefold()).strip()


def list_domains(addresses: Iterable[str]) -> list[str]:
    """Host names of landing addresses, in order, each once; what has no host is left out."""
    hosts = (_host_of(address) for address in addresses)
    return list(dict.fromkeys(host for host in hosts if host))


def _host_of(address: str) -> str | None:
    try:
        parts = urlsplit(address if "://" in address else f"//{address}")
        return (parts.hostname or "").removeprefix("www.") or None
    except ValueError:
        return None
