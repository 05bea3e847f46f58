"""Facts that are no column of the public view but follow from one, from a register or from a table of places.

`facts` reads those of an ad alone; a rule adds what its registers and its tables of regions say of it
(`Rule.find_looked_up`). What cannot be looked up is unknown.
"""

from collections.abc import Callable, Iterable, Iterator, Mapping
from datetime import date
from types import SimpleNamespace
from typing import Any

from archive.models import PublicAd
from archive.records import CountriesFrom, MissingReason
from archive.records.projection import fold_text
from archive.text.words import frame_words
from oversight.language import Facts, FactType, FactValue
from oversight.reference.parameters import Parameter
from oversight.reference.registers import Registers, find_listed

AdRow = PublicAd | SimpleNamespace
"""An ad of the public view, or of its columns those that are asked for."""

STATED, DERIVED = CountriesFrom.STATED.value, CountriesFrom.DERIVED.value
"""What `ad.countries_from` may be: what a source was merely asked for is no fact."""

MADE_FROM = {
    "text": "bodies",
    "text_folded": "bodies",
    "text_words": "bodies",
    "landing_domains": "landing_urls",
    "payer_address_given": "payer_name",
    "countries": "countries",
    "countries_from": "countries",
    "delivery_regions": "delivery",
    "targeting_dimensions": "targeting",
    "surfaces": "surfaces",
    "media_type": "media_type",
}
"""Columns made from others, whose reason is that of what they are made from."""


def _take_stated(ad: AdRow) -> list[str] | MissingReason:
    """The countries a source states; those it was merely asked for tell no rule where it showed the ad."""
    is_asked = ad.countries_from == CountriesFrom.ASKED
    return MissingReason.NOT_PROVIDED if is_asked else ad.countries


def _tell_from(ad: AdRow) -> str | MissingReason | None:
    stated = _take_stated(ad)
    if isinstance(stated, MissingReason):
        return stated
    return STATED if stated else None


MADE: dict[str, Callable[[AdRow], Any]] = {
    "text_folded": lambda ad: fold_text(ad.text),
    "text_words": lambda ad: frame_words(ad.text),
    "countries": _take_stated,
    "countries_from": _tell_from,
    "delivery_regions": lambda ad: list_regions(ad.delivery),
    "targeting_dimensions": lambda ad: _list_kinds(row["dimension"] for row in ad.targeting),
    "surfaces": lambda ad: _list_kinds(ad.surfaces),
    "media_type": lambda ad: write_kind(ad.media_type or ""),
}
"""How facts that are no column are read from the columns of `MADE_FROM`."""

REGIONS_OF = "regions_of_"
"""How the id of a parameter begins that lists the regions of a country, as sources write them."""

WHO = {
    "payer": "ad.payer_name",
    "sponsor": "ad.sponsor_name",
    "advertiser": "ad.advertiser_name",
    "number": "ad.registration_refs",
}
"""What is looked up in registers, and the fact it stands in."""


def write_kind(word: str) -> str:
    """A name of a kind of thing as every source has it here: in small letters, its words joined."""
    return "_".join(word.lower().split())


def _list_kinds(words: Iterable[str]) -> list[str]:
    return sorted({write_kind(word) for word in words})


def list_regions(delivery: list[dict[str, Any]]) -> list[str] | MissingReason:
    """Where people saw an ad, as its source names the regions; one that cannot be read leaves all unread."""
    regions = {row.get("region") for row in delivery if row.get("by") == "region"}
    named = [region for region in regions if isinstance(region, str)]
    if len(named) < len(regions):
        return MissingReason.UNREADABLE
    # Shares by age alone say nothing of places.
    return sorted(named) if regions or not delivery else MissingReason.NOT_PROVIDED


def list_register_facts(registers: Iterable[str]) -> dict[str, FactType]:
    """The facts that registers are read as: whether one lists who pays, sponsors or advertises."""
    return {f"register.{name}_lists_{who}": FactType.BOOL for name in registers for who in WHO}


def list_needed(named: Iterable[str], parameters: Iterable[str]) -> Iterator[str]:
    """The facts of an ad that a rule with these facts and parameters looks something up by."""
    yield from (WHO[n.rpartition("_lists_")[2]] for n in named if n.startswith("register."))
    if any(name.startswith("ad.") and name.endswith("_minor") for name in named):
        yield "ad.currency"
    if any(name.startswith(REGIONS_OF) for name in parameters):
        yield from ("ad.countries", "ad.delivery_regions")


def look_up(
    names: Iterable[str], registers: Registers, facts: Facts, days: tuple[date, date] | None
) -> dict[str, FactValue]:
    """Whether registers list who stands in the facts, on every day the ad may have started on."""
    return {name: _look_up(name, registers, facts, days) for name in names}


def _look_up(
    name: str, registers: Registers, facts: Facts, days: tuple[date, date] | None
) -> FactValue:
    register, _, who = name.removeprefix("register.").rpartition("_lists_")
    given = facts.get(WHO[who], MissingReason.NOT_PROVIDED)
    if days is None or not registers.get(register):
        return MissingReason.NOT_LOOKED
    if isinstance(given, MissingReason):
        return given
    words = given if isinstance(given, tuple) else (str(given),)
    found = {find_listed(registers, register, word, *days).value for word in words}
    if True in found:
        return True
    return MissingReason.NOT_LOOKED if found - {False} else False


def derive_countries(
    tables: Mapping[str, Parameter], facts: Facts, days: tuple[date, date] | None
) -> dict[str, FactValue]:
    """Countries that follow from regions of delivery, if the source states none and tables know each."""
    seen = facts.get("ad.delivery_regions")
    is_stated = (
        facts.get("ad.countries", MissingReason.NOT_PROVIDED) is not MissingReason.NOT_PROVIDED
    )
    if is_stated or not isinstance(seen, tuple) or not seen:
        return {}
    homes: dict[str, set[str]] = {region: set() for region in seen}
    for name, table in tables.items():
        regions = table.find_shared(days)
        for region in homes.keys() & set(regions if isinstance(regions, tuple) else ()):
            homes[region].add(name.removeprefix(REGIONS_OF).upper())
    if any(len(countries) != 1 for countries in homes.values()):
        return {}
    countries = {country for of in homes.values() for country in of}
    return {"ad.countries": tuple(sorted(countries)), "ad.countries_from": DERIVED}
