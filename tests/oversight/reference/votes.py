"""Invented elections, and the windows they have."""

from datetime import date
from typing import Any

from oversight.reference.elections import Election
from oversight.reference.windows import WindowSpec, compute_window

SOURCE = {"cite": "Gazette", "read_on": date(2026, 1, 1), "evidence": "official_secondary"}


def make_election(**values: Any) -> Election:
    given: dict[str, Any] = {
        "id": "xx-vote",
        "title": "A vote",
        "country": "GR",
        "kind": "legislative",
        "polling_days": [date(2023, 5, 21)],
        "polls": [{"zone": "Europe/Athens", "opens": "07:00", "closes": "19:00"}],
        "sources": [SOURCE | {"about": ["polling_days", "polls", "called_on"]}],
    }
    return Election.model_validate(given | values)


def make_spec(starts: str, ends: str, **said: str) -> WindowSpec:
    if "T" in starts + ends:
        said.setdefault("counted_in", "hours")
    return WindowSpec.model_validate({"from": starts, "to": ends} | said)


def reckon(
    starts: str, ends: str, said: dict[str, str] | None = None, **election: Any
) -> list[tuple[str, str]]:
    spec = make_spec(starts, ends, **(said or {}))
    spans = compute_window(spec, make_election(**election)).spans
    return [(f"{s.start_at:%Y-%m-%d %H:%M}", f"{s.end_at:%Y-%m-%d %H:%M}") for s in spans]
