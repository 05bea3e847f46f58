"""`public_ad`: the public view of each ad as it is now, kept in step by ingest.

Search, rules, lists and exports read this table and nothing behind it.
"""

import re
import unicodedata
from collections.abc import Iterable, Mapping
from typing import Any
from urllib.parse import urlsplit

from archive.records import AdContent, AdNumbers, AdRecord, CountriesFrom, MissingReason
from archive.records.identity import advertiser_id, public_id
from archive.records.postal_addresses import tell_address_given

PLAIN_HOST = re.compile(r"https?://(?:www\.)?([a-z0-9.-]+)(?:[/?#]|$)")
"""Nearly every address; a host in any other form is taken apart by the rules for addresses."""

NUMBER_FIELDS = frozenset(AdNumbers.model_fields)
"""Spend, impressions, reach and audience are metrics; all else is content."""

CONTENT_NAMES = (*AdContent.model_fields, "source_fields")
"""What a version holds, in the order of its rows."""

DERIVED_FIELDS = (
    "public_id",
    "source",
    "advertiser_id",
    "text",
    "payer_address_given",
    "dates_contradict",
    "countries_from",
    "landing_domains",
)
"""What the view holds beside the record's own fields, in the order of `derive_fields`."""


SILENT = (MissingReason.NOT_PROVIDED, MissingReason.NOT_DISCLOSED)
"""Why a source states no country that never stated any; what is unreadable or redacted it did state."""


def project_record(
    source: str,
    record: AdRecord,
    withheld: Mapping[str, Any] | None = None,
    asked: Iterable[str] = (),
) -> dict[str, Any]:
    """The columns of `public_ad` that follow from what the source said, without what is withheld.

    `asked`: the countries it was asked for, one at a time, when it gave the ad.
    """
    derived = derive_fields(source, record.__dict__, withheld)
    stated = record.model_dump() | dict(zip(DERIVED_FIELDS, derived, strict=True))
    is_silent = stated["missing"].get("countries") in SILENT
    return stated | (show_asked(asked, stated["missing"]) if is_silent else {})


def show_asked(asked: Iterable[str], missing: Mapping[str, str]) -> dict[str, Any]:
    """The columns of an ad whose source is silent on countries that tell what it was asked for, if anything.

    `missing`: the reasons of the ad's fields without a value.
    """
    countries = sorted(asked)
    if not countries:
        return {}
    reasons = {name: why for name, why in missing.items() if name != "countries"}
    return {"countries": countries, "countries_from": CountriesFrom.ASKED.value, "missing": reasons}


def derive_fields(
    source: str, values: Mapping[str, Any], withheld: Mapping[str, Any] | None = None
) -> tuple[Any, ...]:
    """The values of `DERIVED_FIELDS` for a record's values by name, and for what is not shown of them."""
    is_blank = values["missing"].get("payer_name") == MissingReason.NOT_DISCLOSED
    payer = (withheld or {}).get("payer_name") or values["payer_name"]
    text = "\n".join((*values["titles"], *values["bodies"], *values["descriptions"]))
    return (
        public_id(source, values["ref"]),
        source,
        advertiser_id(source, values["advertiser_ref"], values["advertiser_name"]),
        text,
        tell_address_given(payer, is_blank=is_blank),
        dates_contradict(values),
        CountriesFrom.STATED.value if values["countries"] else None,
        list_domains(values["landing_urls"]),
    )


def dates_contradict(values: Mapping[str, Any]) -> bool:
    """Whether an ad ends before it starts: both dates are kept as stated, and its end is unknown."""
    return any(
        start is not None and end is not None and end < start
        for start, end in (
            (values["started_at"], values["ended_at"]),
            (values["started_on"], values["ended_on"]),
        )
    )


def fold_text(text: str) -> str:
    """Text as rules compare it: NFKC, case folded, white space as single spaces."""
    # ASCII is its own NFKC form.
    folded = text if text.isascii() else unicodedata.normalize("NFKC", text)
    return " ".join(folded.casefold().split())


def list_domains(addresses: Iterable[str]) -> list[str]:
    """Host names of landing addresses, in order, each once; what has no host is left out."""
    hosts = dict.fromkeys([_host_of(address) for address in addresses])
    return [host for host in hosts if host]


def _host_of(address: str) -> str | None:
    if plain := PLAIN_HOST.match(address):
        return plain[1]
    try:
        parts = urlsplit(address if "://" in address else f"//{address}")
        return (parts.hostname or "").removeprefix("www.") or None
    except ValueError:
        return None
