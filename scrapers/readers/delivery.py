"""Who saw an ad, as Meta's Ad Library nests it; tables of other people hold it in the same shape.

A part that Meta has not had before is refused: it could change what the others mean.
"""

import json
import re
from collections.abc import Callable, Iterator
from typing import Any

from scrapers.readers.parsing import (
    read_count,
    read_country,
    read_parts,
    read_ref,
    read_share,
    read_text,
)

DOMAIN = re.compile(r"[^\s/@]+\.[^\s/.]{2,}(?:/\S*)?")
SEXES = ("male", "female", "unknown")


def read_digits(value: object) -> str:
    """An id of digits, as all of Meta's are.

    Raises:
        ValueError: if there is anything else in it, or a program has rounded it.
    """
    ref = read_ref(value)
    if not (ref.isascii() and ref.isdigit()):
        raise ValueError(f"{ref[:40]!r} is not an id of digits")
    return ref


def read_page_id(value: object) -> str | None:
    """The id of a page; Meta writes 0 for all the Instagram accounts that have none."""
    ref = read_digits(value)
    return None if ref == "0" else ref


def read_demographics(value: object) -> Iterator[dict[str, Any]]:
    """`demographic_distribution`: shares of the impressions by age and gender."""
    for part in read_parts(value, {"age", "gender", "percentage"}):
        age, gender = read_text(part.get("age")), read_text(part.get("gender"))
        share = read_share(part.get("percentage"))
        yield {"by": "age_gender", "age": age, "gender": gender, "share": share}


def read_regions(value: object) -> Iterator[dict[str, Any]]:
    """`delivery_by_region`: shares of the impressions by region; a region may occur twice."""
    for part in read_parts(value, {"region", "percentage"}):
        share = read_share(part.get("percentage"))
        yield {"by": "region", "region": read_text(part.get("region")), "share": share}


def read_reach(value: object) -> Iterator[dict[str, Any]]:
    """`age_country_gender_reach_breakdown`: accounts reached; Meta leaves groups of none out."""
    for part in read_parts(value, {"country", "age_gender_breakdowns"}):
        place = {"by": "country_age_gender", "country": read_country(part.get("country"))}
        for group in read_parts(part.get("age_gender_breakdowns"), {"age_range", *SEXES}):
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


def is_domain(text: str) -> bool:
    """Whether a caption is the domain it mostly is, and not a sentence."""
    return DOMAIN.fullmatch(text) is not None
