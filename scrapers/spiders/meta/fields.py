"""Fields that one ad of Meta's library nests: dates, who saw it, whom it aimed at, where it leads, who pays.

The spider `meta_ad_library` takes them through here; single values are read by
`scrapers.spiders.meta.values`.
"""

from typing import Any

from scrapers.readers.delivery import DELIVERY, is_domain, read_delivery, sort_delivery
from scrapers.readers.fields import Fields
from scrapers.readers.parsing import read_texts
from scrapers.spiders.meta.values import TARGETING, read_moment, read_parties, split_moment


def take_dates(fields: Fields) -> dict[str, Any]:
    """When it started and ended, in UTC; a running ad has no end."""
    names = {"started": "ad_delivery_start_time", "ended": "ad_delivery_stop_time"}
    values: dict[str, Any] = {}
    for ours, theirs in names.items():
        if theirs in fields:
            values |= split_moment(ours, fields.take(theirs, read_moment))
    return values


def take_delivery(fields: Fields) -> dict[str, Any]:
    """Who saw it, and the countries of those reached."""
    present = [name for name in DELIVERY if name in fields]
    entries = [e for name in present for e in fields.take(name, read_delivery(name)) or []]
    countries = sorted({entry["country"] for entry in entries if "country" in entry})
    values: dict[str, Any] = {"delivery": sort_delivery(entries)} if present else {}
    return values | ({"countries": countries} if countries else {})


def take_targeting(fields: Fields) -> dict[str, Any]:
    """Whom it aimed at; Meta says so for the EU and the UK."""
    present = [name for name in TARGETING if name in fields]
    entries = [e for name in present for e in fields.take(name, TARGETING[name]) or []]
    return {"targeting": entries} if present else {}


def take_landing(fields: Fields) -> dict[str, Any]:
    """Where it leads: captions are domains, but some advertisers write sentences there."""
    name = "ad_creative_link_captions"
    if name not in fields:
        return {}
    captions = fields.take(name, read_texts) or []
    if others := [caption for caption in captions if not is_domain(caption)]:
        fields.leave(name, others)
    return {"landing_urls": [caption for caption in captions if is_domain(caption)]}


def take_parties(fields: Fields) -> dict[str, str]:
    """Who pays and who stands behind it now; what was declared before stays as Meta wrote it."""
    if "beneficiary_payers" not in fields:
        return {}
    parties = fields.take("beneficiary_payers", read_parties) or []
    if len(parties) > 1:
        fields.leave("beneficiary_payers", [party.written for party in parties])
    current = [party for party in parties if party.is_current]
    payers = dict.fromkeys(party.payer for party in current if party.payer)
    beneficiaries = dict.fromkeys(party.beneficiary for party in current if party.beneficiary)
    return {"payer_name": "; ".join(payers), "sponsor_name": "; ".join(beneficiaries)}
