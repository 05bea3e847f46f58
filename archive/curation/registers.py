"""Registers: official lists as this archive was given them, each copy dated, sourced and never changed.

`paidforby registers` imports them by a map `registers/<id>.yaml`; rules look things up in them through
`oversight.reference.registers`.
"""

from datetime import date, datetime, timedelta
from pathlib import Path
from typing import Self

from pydantic import Field, model_validator
from sqlmodel import Session

from archive.curation.reference_texts import (
    check_has_come,
    keep_reference_text,
    list_reference_texts,
)
from archive.curation.tables import TableShape, read_table
from archive.errors import NotFoundError
from archive.models import ReferenceVersion
from archive.models.oversight import ReferenceKind
from archive.records.canonical import canonical_json
from config.citations import Citation
from config.readings import Readings, read_models
from config.settings import Settings
from config.yaml_files import FileModel


class RegisterEntry(FileModel):
    """One line of a register."""

    name: str = Field(min_length=1, description="Name, as the register has it.")
    ref: str | None = Field(default=None, description="The register's own number of it.")
    starts_on: date | None = Field(
        default=None, description="First day it is listed; empty: not stated."
    )
    ends_on: date | None = Field(
        default=None,
        description="First day it no longer is; empty: it still was on the copy's day.",
    )

    @model_validator(mode="after")
    def check_days(self) -> Self:
        """Refuse an entry that ends before it starts.

        Raises:
            ValueError: with both days.
        """
        if self.starts_on and self.ends_on and self.ends_on < self.starts_on:
            raise ValueError(f"it ends on {self.ends_on}, before it starts on {self.starts_on}")
        return self


class RegisterShape(TableShape):
    """A register and the form its copies come in: a file `registers/<id>.yaml`."""

    is_complete: bool = Field(description="Whoever is not in it is not registered.")
    fresh_days: int = Field(ge=1, le=3_660, description="Days from its own that a copy speaks for.")


class RegisterCopy(FileModel):
    """A register as it was on a day."""

    id: str = Field(pattern=r"^[a-z][a-z0-9_]*$", description="Name of the register in rules.")
    title: str = Field(description="What it is, in plain words.")
    source: Citation = Field(description="Where it comes from.")
    holds_on: date = Field(description="The day it says it is of.")
    is_complete: bool = Field(description="Whoever is not in it was not registered.")
    fresh_days: int = Field(description="Days, from its own on, that it speaks for.")
    entries: tuple[RegisterEntry, ...] = Field(description="Its lines, in order.")

    @property
    def stale_on(self) -> date:
        """First day it no longer speaks for."""
        return self.holds_on + timedelta(days=self.fresh_days)


def read_register_shapes(settings: Settings) -> Readings[RegisterShape]:
    """The maps of registers by id, shipped ones overlaid by the operator's own."""
    return read_models(settings, "registers", RegisterShape)


def import_register(
    session: Session,
    settings: Settings,
    copy: tuple[str, Path, date],
    said: tuple[str, str],
    now: datetime,
) -> tuple[RegisterCopy, ReferenceVersion, bool]:
    """Keep a copy of a register: its id, file and day; gives also its row, and whether it is new.

    Raises:
        NotFoundError: if there is no map of that register.
        YamlFileError: if map or file cannot be used.
        ArchiveError: if its day has not come, or a name or reason is missing.
    """
    register_id, path, holds_on = copy
    shape = read_register_shapes(settings).find(register_id)
    if shape is None:
        raise NotFoundError("map registers/… of a register", register_id)
    check_has_come(holds_on, now)
    made = RegisterCopy(
        id=register_id,
        title=shape.title,
        source=shape.source,
        holds_on=holds_on,
        is_complete=shape.is_complete,
        fresh_days=shape.fresh_days,
        entries=tuple(read_table(path, shape, RegisterEntry)),
    )
    text = canonical_json(made.model_dump(mode="json")).decode()
    kind = ReferenceKind.REGISTER
    return made, *keep_reference_text(session, kind, register_id, text, said, now)


def list_copies(
    session: Session, as_of: datetime | None = None
) -> list[tuple[RegisterCopy, ReferenceVersion]]:
    """Every copy of every register held at a time, in the order they came."""
    rows = list_reference_texts(session, ReferenceKind.REGISTER, as_of)
    return [(RegisterCopy.model_validate_json(row.text), row) for row in rows]
