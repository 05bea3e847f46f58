"""Where a provision, a date or a figure comes from, and how well it was read.

Rules, elections, parameters, registers and labels carry citations; nothing here fetches them.
"""

from datetime import date
from enum import StrEnum
from typing import Self

from pydantic import Field, model_validator

from config.yaml_files import FileModel


class Evidence(StrEnum):
    """How well a statement of law is founded, from best to weakest."""

    STATUTE_TEXT = "statute_text"
    STATUTE_TEXT_OLDER_VERSION = "statute_text_older_version"
    OFFICIAL_SECONDARY = "official_secondary"
    PRESS_OR_SECONDARY = "press_or_secondary"
    OWN_PATTERN = "own_pattern"
    MEMORY = "memory"


UNREAD = {Evidence.OWN_PATTERN, Evidence.MEMORY}


class Citation(FileModel):
    """A text something rests on."""

    cite: str = Field(min_length=1, description="The provision or publication, as people cite it.")
    url: str | None = Field(
        default=None, pattern=r"^https://\S+$", description="Where it can be read today."
    )
    read_on: date | None = Field(default=None, description="Day it was read for this archive.")
    evidence: Evidence = Field(description="What was read, if anything.")
    note: str = Field(default="", description="What was not read or is not certain.")

    @model_validator(mode="after")
    def check_reading(self) -> Self:
        """Refuse a text that is said to have been read, without the day.

        Raises:
            ValueError: if the day is missing, or given for what was not read.
        """
        if (self.read_on is None) != (self.evidence in UNREAD):
            raise ValueError(
                f"read_on belongs to a text that was read; evidence is {self.evidence}"
            )
        return self


def find_weakest(citations: list[Citation]) -> Evidence:
    """A statement is as well founded as the weakest text it rests on."""
    order = list(Evidence)
    return max((citation.evidence for citation in citations), key=order.index)
