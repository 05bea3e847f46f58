"""Values as Meta's Ad Library nests them -> ours: bounds, instants, shares, reach, audience, parties.

The spider `meta_ad_library` reads its fields through here. A part that Meta has not had before is
refused: it could change what the others mean.
"""

import re
from collections.abc import Callable
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any

from scrapers.readers.moments import read_day, read_instant
from scrapers.readers.parsing import (
    Range,
    read_part,
    read_parts,
    read_text,
    read_texts,
)

SNAPSHOT_ID = re.compile(r"[?&]id=(\d+)(?:&|$)", re.ASCII)
read_meta_instant = read_instant("%Y-%m-%dT%H:%M:%S%z")


@dataclass(frozen=True)
class Party:
    """Who pays for an ad in the EU and who stands behind it, as declared for a time."""

    payer: str | None
    beneficiary: str | None
    is_current: bool
    written: dict[str, Any]


def read_snapshot_id(url: object) -> str:
    """The id that the address of a snapshot asks for; the token beside it is left.

    Raises:
        ValueError: if there is none in it.
    """
    found = SNAPSHOT_ID.search(url) if isinstance(url, str) else None
    if found is None:
        raise ValueError("has no id of an ad in it")
    return found[1]


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
        bounds = read_part(value, {"lower_bound", "upper_bound"})
        lower, upper = bounds.get("lower_bound"), bounds.get("upper_bound")
        return (
            None if lower is None else read_one(lower),
            None if upper is None else read_one(upper),
        )

    return read


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
        for part in read_parts(value, {"name", "type", "excluded", "num_obfuscated"})
    ]


MISSING_END = (
    "ad_delivery_stop_time is absent while an ad runs (Meta's reference of archived-ad, "
    "https://developers.facebook.com/docs/graph-api/reference/archived-ad/)"
)

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
        for part in read_parts(value, {"payer", "beneficiary", "current"})
    ]


def _read_flag(value: object) -> bool:
    if value is None or isinstance(value, bool):
        return bool(value)
    raise ValueError(f"{value!r} is neither true nor false")
