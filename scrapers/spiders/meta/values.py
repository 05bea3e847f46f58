"""Values as Meta's Ad Library nests them -> ours: bounds, instants, shares, reach, audience, parties.

The spider `meta_ad_library` reads its fields through here. A part that Meta has not had before is
refused: it could change what the others mean.
"""

import json
import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any

from scrapers.readers.moments import read_day, read_instant
from scrapers.readers.parsing import (
    Range,
    read_count,
    read_country,
    read_ref,
    read_sequence,
    read_share,
    read_text,
    read_texts,
)

DOMAIN = re.compile(r"[^\s/@]+\.[^\s/.]{2,}(?:/\S*)?")
SEXES = ("male", "female", "unknown")

read_meta_instant = read_instant("%Y-%m-%dT%H:%M:%S%z")


@dataclass(frozen=True)
class Party:
    """Who pays for an ad in the EU and who stands behind it, as declared for a time."""

    payer: str | None
    beneficiary: str | None
    is_current: bool
    written: dict[str, Any]


def read_library_id(value: object) -> str:
    """Meta's id of an ad.

    Raises:
        ValueError: if it is not all digits.
    """
    ref = read_ref(value)
    if not (ref.isascii() and ref.isdigit()):
        raise ValueError(f"{ref[:40]!r} is not an id of Meta's library")
    return ref


def read_page_id(value: object) -> str | None:
    """The id of a page; Meta writes 0 for all the Instagram accounts that have none."""
    ref = read_ref(value)
    return None if ref == "0" else ref


def read_surfaces(value: object) -> list[str]:
    """Where it was shown, in lower case as in answers (queries take upper case)."""
    return [surface.lower() for surface in read_texts(value)]


def read_moment(value: object) -> date:
    """A day, as Meta writes since 2021, or the instant it wrote before."""
    return read_day(value) if len(read_text(value)) == 10 else read_meta_instant(value)


def split_moment(name: str, moment: date | None) -> dict[str, Any]:
    """The record's fields of a day or an instant, `started` or `ended`."""
    if isinstance(moment, datetime):
        return {f"{name}_at": moment, f"{name}_on": moment.date()}
    return {f"{name}_on": moment}


def read_bounds(read_one: Callable[[object], int]) -> Callable[[object], Range]:
    """A reader of `{"lower_bound": "300", "upper_bound": "399"}`: inclusive, without upper: open."""

    def read(value: object) -> Range:
        bounds = _check_parts(value, {"lower_bound", "upper_bound"})
        lower, upper = bounds.get("lower_bound"), bounds.get("upper_bound")
        return (
            None if lower is None else read_one(lower),
            None if upper is None else read_one(upper),
        )

    return read


def read_demographics(value: object) -> Iterator[dict[str, Any]]:
    """`demographic_distribution`: shares of the impressions by age and gender."""
    for part in _read_parts(value, {"age", "gender", "percentage"}):
        age, gender = read_text(part.get("age")), read_text(part.get("gender"))
        share = read_share(part.get("percentage"))
        yield {"by": "age_gender", "age": age, "gender": gender, "share": share}


def read_regions(value: object) -> Iterator[dict[str, Any]]:
    """`delivery_by_region`: shares of the impressions by region; a region may occur twice."""
    for part in _read_parts(value, {"region", "percentage"}):
        share = read_share(part.get("percentage"))
        yield {"by": "region", "region": read_text(part.get("region")), "share": share}


def read_reach(value: object) -> Iterator[dict[str, Any]]:
    """`age_country_gender_reach_breakdown`: accounts reached; Meta leaves groups of none out."""
    for part in _read_parts(value, {"country", "age_gender_breakdowns"}):
        place = {"by": "country_age_gender", "country": read_country(part.get("country"))}
        for group in _read_parts(part.get("age_gender_breakdowns"), {"age_range", *SEXES}):
            place |= {"age": read_text(group.get("age_range"))}
            for sex in (sex for sex in SEXES if sex in group):
                yield place | {"gender": sex, "count": read_count(group[sex])}


DELIVERY = {
    "demographic_distribution": read_demographics,
    "delivery_by_region": read_regions,
    "age_country_gender_reach_breakdown": read_reach,
}


def read_delivery(name: str) -> Callable[[object], list[dict[str, Any]]]:
    """A reader of one of the fields of `DELIVERY`."""
    return lambda value: list(DELIVERY[name](value))


def sort_delivery(entries: list[dict[str, Any]]) -> list[dict[str, Any]]:
    """Entries in an order of their own: Meta's is random, and must not look like a change."""
    return sorted(entries, key=lambda entry: json.dumps(entry, sort_keys=True))


def read_ages(value: object) -> list[dict[str, Any]]:
    """`target_ages`: the youngest and the oldest aimed at."""
    return [{"dimension": "age", "mode": "include", "text": "-".join(read_texts(value))}]


def read_gender(value: object) -> list[dict[str, Any]]:
    """`target_gender`: Women, Men or All."""
    return [{"dimension": "gender", "mode": "include", "text": read_text(value)}]


def read_locations(value: object) -> list[dict[str, Any]]:
    """`target_locations`: named places with their kind; Meta counts those it does not name."""
    return [
        {
            "dimension": "location",
            "mode": "exclude" if _read_flag(part.get("excluded")) else "include",
            "text": read_text(part.get("name")),
            **{key: str(part[key]) for key in ("type", "num_obfuscated") if part.get(key)},
        }
        for part in _read_parts(value, {"name", "type", "excluded", "num_obfuscated"})
    ]


TARGETING = {
    "target_ages": read_ages,
    "target_gender": read_gender,
    "target_locations": read_locations,
}


def read_parties(value: object) -> list[Party]:
    """`beneficiary_payers`, in Meta's order; not verified by Meta."""
    return [
        Party(
            payer=read_text(part.get("payer") or "") or None,
            beneficiary=read_text(part.get("beneficiary") or "") or None,
            is_current=_read_flag(part.get("current")),
            written=part,
        )
        for part in _read_parts(value, {"payer", "beneficiary", "current"})
    ]


def is_domain(text: str) -> bool:
    """Whether a caption is the domain it mostly is, and not a sentence."""
    return DOMAIN.fullmatch(text) is not None


def _read_flag(value: object) -> bool:
    if value is None or isinstance(value, bool):
        return bool(value)
    raise ValueError(f"{value!r} is neither true nor false")


def _read_parts(value: object, known: set[str]) -> list[dict[str, Any]]:
    return [_check_parts(part, known) for part in read_sequence(value)]


def _check_parts(value: object, known: set[str]) -> dict[str, Any]:
    if not isinstance(value, dict):
        raise TypeError(f"{str(value)[:40]!r} is not an object")
    if unknown := set(value) - known:
        raise ValueError(f"has {min(map(str, unknown))[:40]!r}, which we do not know")
    return value
