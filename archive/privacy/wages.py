"""The names of people who were paid wages: withheld by rule, while their rows stay and count.

Ingest of filings calls it before a row is written; what was filed keeps its hash, and its evidence.
"""

import re
from collections.abc import Mapping
from functools import cache
from typing import Any

from archive.records import MissingReason
from config.overlay import SHIPPED_DIR, ConfigFile, Origin
from config.yaml_files import FileModel, read_model

INDIVIDUAL = "IND"
"""The authority's code of a payee who is a person."""

WITHHELD = ("payee_name", "payee_place")

LIST = "withheld/wages.yaml"


class WagePurposes(FileModel):
    """The list as its file gives it."""

    purposes: list[str]


def withhold_wages(row: Mapping[str, Any]) -> dict[str, Any]:
    """A filed row by column, without who was paid where that is an individual and the pay is wages."""
    if row["payee_kind"] != INDIVIDUAL or not read_purposes().search(row["purpose"] or ""):
        return dict(row)
    gone = [name for name in WITHHELD if row[name] is not None]
    reasons = dict.fromkeys(gone, MissingReason.REDACTED.value)
    return dict(row) | dict.fromkeys(gone) | {"missing": row["missing"] | reasons}


@cache
def read_purposes() -> re.Pattern[str]:
    """What a purpose of wages holds."""
    listed = read_model(ConfigFile(LIST, SHIPPED_DIR / LIST, Origin.SHIPPED), WagePurposes)
    words = "|".join(map(re.escape, listed.purposes))
    return re.compile(rf"\b(?:{words})\b", re.IGNORECASE)
