"""Tables of labels that somebody else made, taken whole by a map `labels/<name>.yaml`.

One that names every ad it is true of is kept as a label list: there, to be left out means no.
"""

from dataclasses import dataclass
from datetime import date, datetime
from pathlib import Path
from typing import Self

from pydantic import Field, model_validator
from sqlmodel import Session, SQLModel, col, select

from archive.curation.labels import LabelWord, find_label, label_ad
from archive.curation.reference_texts import (
    check_has_come,
    keep_reference_text,
    list_reference_texts,
)
from archive.curation.tables import TableShape, read_table
from archive.errors import ArchiveError, NotFoundError
from archive.models import Ad, LabelTerm, ReferenceVersion, Source
from archive.models.oversight import ReferenceKind
from archive.records.canonical import canonical_json
from config.citations import Citation
from config.readings import Readings, read_models
from config.settings import Settings
from config.yaml_files import FileModel


class LabelLine(FileModel):
    """One row of a table of labels."""

    ad: str = Field(min_length=3, description="Permanent id of the ad, such as snap:3543bda6.")
    term: LabelTerm = Field(default=LabelTerm.POLITICAL, description="What it speaks of.")
    says: bool = Field(default=True, description="Whether the ad is that: yes or no.")
    reason: str = Field(default="", description="Why; empty: that of the whole table.")


class LabelShape(TableShape):
    """A table of labels: a file `labels/<name>.yaml`."""

    method: str | None = Field(
        default=None,
        min_length=3,
        description="Program that made them, with version; none: people.",
    )
    complete_for: tuple[str, ...] = Field(
        default=(),
        description="Sources of whose ads it names each that it is true of; none: of none.",
    )
    covers_days: int | None = Field(
        default=None,
        ge=1,
        le=3_660,
        description="Days, up to its own, on which an ad has to have started to be among them.",
    )

    @model_validator(mode="after")
    def check_completeness(self) -> Self:
        """Refuse a table that is complete for no days, and one of a program's.

        Raises:
            ValueError: with what to write.
        """
        if bool(self.complete_for) != bool(self.covers_days):
            raise ValueError("complete_for and covers_days go together: write both or neither")
        # What is kept as a text everybody may read; what a program alone says of an ad, nobody.
        if self.complete_for and self.method:
            raise ValueError(
                "a program's table is not complete_for any source: let it say no of each ad"
            )
        return self


class LabelList(FileModel):
    """A complete table of labels as it was on a day."""

    id: str = Field(description="Name of its map.")
    title: str = Field(description="What it is, in plain words.")
    source: Citation = Field(description="Where it comes from.")
    holds_on: date = Field(description="The day it says it is of.")
    complete_for: tuple[str, ...] = Field(description="Sources of whose ads it leaves out none.")
    covers_days: int = Field(description="Days, up to its own, on which those ads started.")
    lines: tuple[LabelLine, ...] = Field(description="Its lines, in order.")


class LabelImport(SQLModel):
    """What became of the rows of a table."""

    given: int = Field(default=0, description="Labels given.")
    unchanged: int = Field(default=0, description="Said already, by the same kind of speaker.")
    not_held: list[str] = Field(default_factory=list, description="Ads this archive has not.")
    contradicted: list[str] = Field(
        default_factory=list, description="Ads of which the opposite is said; nothing was changed."
    )
    sha256: str | None = Field(
        default=None, description="Hash of the copy of a complete table, as it is kept."
    )


def read_label_shapes(settings: Settings) -> Readings[LabelShape]:
    """The maps of tables of labels by name, shipped ones overlaid by the operator's own."""
    return read_models(settings, "labels", LabelShape)


@dataclass(frozen=True)
class LabelOrder:
    """What is imported, by whom and why."""

    shape: str
    path: Path
    by: str
    because: str
    holds_on: date | None = None
    """The day a complete table says it is of."""


def import_labels(
    session: Session, settings: Settings, order: LabelOrder, now: datetime
) -> LabelImport:
    """Give the labels of a table; what is said already, or otherwise, stays as it is.

    Raises:
        NotFoundError: if there is no map of that name.
        YamlFileError: if map or table cannot be used.
        ArchiveError: if a name or reason is missing, or the day or a source of a complete table.
    """
    shape = read_label_shapes(settings).find(order.shape)
    if shape is None:
        raise NotFoundError("map labels/… of a table of labels", order.shape)
    report, lines = LabelImport(), read_table(order.path, shape, LabelLine)
    if shape.complete_for:
        report.sha256 = _keep_list(session, shape, order, lines, now)
    for line in lines:
        word = LabelWord(line.term, line.says, shape.method)
        source, _, ref = line.ad.partition(":")
        ad = session.exec(select(Ad).where(Ad.source == source, Ad.ref == ref)).first()
        if ad is None:
            report.not_held.append(line.ad)
            continue
        standing = find_label(session, ad.id, word)
        if standing is None:
            reason = line.reason or f"{order.because} ({shape.source.cite})"
            label_ad(session, ad, order.by, reason, now, word=word)
            report.given += 1
        elif standing.says is line.says:
            report.unchanged += 1
        else:
            report.contradicted.append(line.ad)
    return report


def _keep_list(
    session: Session, shape: LabelShape, order: LabelOrder, lines: list[LabelLine], now: datetime
) -> str:
    if order.holds_on is None:
        raise ArchiveError(f"{order.shape} is complete: say --on DAY, the day it says it is of")
    check_has_come(order.holds_on, now)
    known = session.exec(select(Source.id).order_by(col(Source.id))).all()
    if strange := sorted({*shape.complete_for} - {*known}):
        told = f"{order.shape} is complete_for {strange[0]}, which is no source"
        raise ArchiveError(f"{told}; there are: {', '.join(known)}")
    said = shape.model_dump(include={"title", "source", "complete_for", "covers_days"})
    named = {"id": order.shape, "holds_on": order.holds_on, "lines": lines}
    text = canonical_json(LabelList(**said, **named).model_dump(mode="json")).decode()
    said_by = (order.by, order.because)
    kind = ReferenceKind.LABEL_LIST
    return keep_reference_text(session, kind, order.shape, text, said_by, now)[0].sha256


def list_label_lists(
    session: Session, as_of: datetime | None = None
) -> list[tuple[LabelList, ReferenceVersion]]:
    """Every copy of every label list held at a time, in the order they came."""
    rows = list_reference_texts(session, ReferenceKind.LABEL_LIST, as_of)
    return [(LabelList.model_validate_json(row.text), row) for row in rows]
