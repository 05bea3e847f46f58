"""The names of people who were paid wages: withheld by rule, while their rows stay and count.

`archive.records.shown_fields` asks it of every filing; what was filed keeps its hash, and its evidence.
"""

import re
from collections.abc import Mapping
from functools import cache
from typing import Any

from config.overlay import SHIPPED_DIR, ConfigFile, Origin
from config.yaml_files import FileModel, read_model

INDIVIDUAL = "IND"
"""The authority's code of a payee who is a person."""

WITHHELD = ("payee_name", "payee_place")

LIST = "withheld/wages.yaml"


class WagePurposes(FileModel):
    """The list as its file gives it."""

    purposes: list[str]


def find_unnamed(values: Mapping[str, Any]) -> list[str]:
    """The fields of a record that say who was paid, where that is an individual and the pay is wages."""
    if values.get("payee_kind") != INDIVIDUAL or not read_purposes().search(
        values["purpose"] or ""
    ):
        return []
    return [name for name in WITHHELD if values[name] is not None]


@cache
def read_purposes() -> re.Pattern[str]:
    """What a purpose of wages holds."""
    listed = read_model(ConfigFile(LIST, SHIPPED_DIR / LIST, Origin.SHIPPED), WagePurposes)
    words = "|".join(map(re.escape, listed.purposes))
    return re.compile(rf"\b(?:{words})\b", re.IGNORECASE)
