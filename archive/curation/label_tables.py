"""Tables of labels that somebody else made, taken whole by a map `labels/<name>.yaml`."""

from dataclasses import dataclass
from datetime import datetime
from pathlib import Path

from pydantic import Field
from sqlmodel import Session, SQLModel, select

from archive.curation.labels import LabelWord, find_label, label_ad
from archive.curation.tables import TableShape, read_table
from archive.errors import NotFoundError
from archive.models import Ad, LabelTerm
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


class LabelImport(SQLModel):
    """What became of the rows of a table."""

    given: int = Field(default=0, description="Labels given.")
    unchanged: int = Field(default=0, description="Said already, by the same kind of speaker.")
    not_held: list[str] = Field(default_factory=list, description="Ads this archive has not.")
    contradicted: list[str] = Field(
        default_factory=list, description="Ads of which the opposite is said; nothing was changed."
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


def import_labels(
    session: Session, settings: Settings, order: LabelOrder, now: datetime
) -> LabelImport:
    """Give the labels of a table; what is said already, or otherwise, stays as it is.

    Raises:
        NotFoundError: if there is no map of that name.
        YamlFileError: if map or table cannot be used.
        ArchiveError: if a name or reason is missing.
    """
    shape = read_label_shapes(settings).find(order.shape)
    if shape is None:
        raise NotFoundError("map labels/… of a table of labels", order.shape)
    report = LabelImport()
    for line in read_table(order.path, shape, LabelLine):
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
