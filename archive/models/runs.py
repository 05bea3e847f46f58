"""Where records come from: sources, the runs we took at them, and the bytes we got."""

from datetime import datetime
from enum import StrEnum
from typing import Any

from sqlalchemy import JSON, Index
from sqlmodel import Field, SQLModel

from archive.models.columns import BIG_ID
from archive.records import PartInfo, QuarantineStage, SourceInfo, SourceTotalRecord


class ArchiveFact(SQLModel, table=True):
    """One fact about the archive as a whole: its realm, its identity, the rule set last evaluated."""

    __tablename__ = "archive_fact"

    name: str = Field(primary_key=True, description="What the fact is about.")
    value: str = Field(description="The fact.")


class ArchiveSecret(SQLModel, table=True):
    """What this archive alone knows: it is in no backup, export or answer."""

    __tablename__ = "archive_secret"

    name: str = Field(primary_key=True, description="What the secret is for.")
    value: bytes = Field(description="Random bytes, drawn when the archive got its tables.")


class Source(SourceInfo, table=True):
    """A source this archive knows, as its spider describes it."""

    __tablename__ = "source"


class SourcePart(PartInfo, table=True):
    """A feed with terms of its own, as its file said last; it stays when the file goes, as its ads do."""

    __tablename__ = "source_part"

    source: str = Field(primary_key=True, description="Source it is a part of.")
    name: str = Field(
        primary_key=True, description="Its name, which its ads' refs begin with: `<name>/<ref>`."
    )


class RunKind(StrEnum):
    """How a run of a source came about."""

    CRAWL = "crawl"
    IMPORT = "import"
    REREAD = "reread"


class Outcome(StrEnum):
    """How a run of a source ended."""

    RUNNING = "running"
    DONE = "done"
    ATTENTION = "attention"
    PARTIAL = "partial"
    FAILED = "failed"
    DEFERRED = "deferred"
    BLOCKED = "blocked"


ENDED_WELL = (Outcome.DONE, Outcome.ATTENTION)
"""Outcomes of runs that took in all they got."""


class Run(SQLModel, table=True):
    """One run of one partition of one source: the rows of the coverage log."""

    __tablename__ = "run"
    __table_args__ = (Index("run_by_partition", "source", "partition", "started_at"),)

    id: int | None = Field(default=None, sa_type=BIG_ID, primary_key=True, description="Our id.")
    source: str = Field(description="Source crawled.")
    partition: str = Field(description="What the run covers; `import` when a file does not say.")
    kind: str = Field(description="crawl, import, or reread of what another run got.")
    started_at: datetime = Field(description="When the run began.")
    heartbeat_at: datetime = Field(description="When the run last said that it is alive.")
    ended_at: datetime | None = Field(default=None, description="When the run ended.")
    outcome: str = Field(default=Outcome.RUNNING, description="How it ended.")
    reason: str = Field(default="", description="Why, in plain words, when it did not end as done.")
    observed_at: datetime = Field(description="When the source said what this run read.")
    observed_how: str = Field(
        description="How we know: crawl, declared (--observed-on) or import (dated at import)."
    )
    complete: bool = Field(
        default=False,
        description="The run covered its whole partition, so absence means something.",
    )
    seen: int = Field(default=0, description="Records read.")
    new: int = Field(default=0, description="Records not known before.")
    changed: int = Field(default=0, description="Records whose content or numbers changed.")
    unchanged: int = Field(default=0, description="Records already known as they are.")
    vanished: int = Field(default=0, description="Ads of the partition no longer there.")
    withdrawn: int = Field(default=0, description="Statements and filed payments taken back.")
    quarantined: int = Field(default=0, description="Pieces that could not be read.")
    pages: int = Field(
        default=0,
        sa_column_kwargs={"server_default": "0"},
        description="Pages committed; a page whose commit was in doubt is not taken twice.",
    )
    not_read: list[str] = Field(
        default_factory=list, sa_type=JSON, description="Files of the source we do not read yet."
    )
    cursor: str | None = Field(default=None, description="Where the walk stands, for progress.")
    not_before_at: datetime | None = Field(
        default=None, description="A deferred run may go on from this time."
    )
    lease_token: int = Field(default=0, description="Fence: only the newest token may write.")
    lease_until: datetime | None = Field(default=None, description="When the worker's lease ends.")
    worker: str = Field(
        default="",
        sa_column_kwargs={"server_default": ""},
        description="Process that runs (`archive.runs.processes.mark_process`); empty: an older run.",
    )


class Checkpoint(SQLModel, table=True):
    """Where the next run of a partition goes on; written in the transaction of its data."""

    __tablename__ = "checkpoint"

    source: str = Field(primary_key=True, description="Source.")
    partition: str = Field(primary_key=True, description="Partition.")
    cursor: str | None = Field(
        default=None, description="Cursor to go on from; empty: from the start."
    )
    run_id: int | None = Field(default=None, sa_type=BIG_ID, description="Run that wrote it.")
    lease_token: int = Field(default=0, description="Fence of the run that holds the partition.")
    lease_until: datetime | None = Field(default=None, description="When that hold ends.")
    etag: str | None = Field(
        default=None, description="Validator for the next conditional request."
    )
    last_modified: str | None = Field(default=None, description="Second validator.")


class Capture(SQLModel, table=True):
    """Bytes a source gave us, kept by their hash before anyone read them."""

    __tablename__ = "capture"
    __table_args__ = (Index("capture_by_hash", "source", "partition", "sha256"),)

    id: int | None = Field(default=None, sa_type=BIG_ID, primary_key=True, description="Our id.")
    run_id: int = Field(foreign_key="run.id", sa_type=BIG_ID, description="Run that captured it.")
    source: str = Field(description="Source.")
    partition: str = Field(description="Partition the bytes belong to.")
    url: str = Field(description="Address without any secret, or the file's name for an import.")
    status: int | None = Field(default=None, description="HTTP status; empty for an import.")
    media_type: str = Field(default="", description="Content-Type as the source gave it.")
    fetched_at: datetime = Field(description="When the bytes arrived.")
    sha256: str = Field(description="SHA-256 of the bytes as delivered; names the blob.")
    bytes: int = Field(description="Number of bytes.")


class PieceStatus(StrEnum):
    """What became of a quarantined piece or a quarantined batch."""

    QUARANTINED = "quarantined"
    RELEASED = "released"
    REJECTED = "rejected"


class QuarantinedPiece(SQLModel, table=True):
    """What one step could not take, put aside alone: a piece of a file with its bytes, an ad, a row."""

    __tablename__ = "quarantined_piece"
    __table_args__ = (Index("quarantined_piece_by_subject", "status", "stage", "subject"),)

    id: int | None = Field(default=None, sa_type=BIG_ID, primary_key=True, description="Our id.")
    stage: str = Field(
        default=QuarantineStage.READING,
        sa_column_kwargs={"server_default": QuarantineStage.READING},
        description="Step that could not take it: reading, ingest, evaluation, search, mirror, media, "
        "crawl.",
    )
    subject: str = Field(
        default="",
        sa_column_kwargs={"server_default": ""},
        description="Permanent id of what it is about; empty: its place alone tells.",
    )
    detail: str = Field(
        default="",
        sa_column_kwargs={"server_default": ""},
        description="What failed, in the program's words, for whoever runs this archive.",
    )
    run_id: int | None = Field(
        default=None,
        foreign_key="run.id",
        sa_type=BIG_ID,
        description="Run that met it; empty: a step after the runs.",
    )
    capture_id: int | None = Field(
        default=None, sa_type=BIG_ID, description="Evidence it stands in."
    )
    source: str = Field(index=True, description="Source.")
    file: str = Field(default="", description="File or page it stands in.")
    line: int | None = Field(default=None, description="Its first line, from 1.")
    field: str | None = Field(default=None, description="Field that could not be read.")
    reason: str = Field(description="What is wrong, in plain words.")
    sha256: str | None = Field(
        default=None,
        description="SHA-256 of the piece; names the blob that holds it. Empty: it has no bytes of its own.",
    )
    status: str = Field(
        default=PieceStatus.QUARANTINED, description="quarantined, released or rejected."
    )
    quarantined_at: datetime = Field(description="When it was put aside.")
    settled_at: datetime | None = Field(default=None, description="When a person settled it.")
    settled_by: str | None = Field(default=None, description="Who settled it.")
    settled_because: str | None = Field(default=None, description="Why, in that person's words.")


class Sighting(SQLModel, table=True):
    """What a run saw that the archive already knew or learned: one row for many ids.

    The rows stay: they tell when something unchanged was last seen, which no other row says.
    """

    __tablename__ = "sighting"

    run_id: int = Field(sa_type=BIG_ID, primary_key=True, description="The run.")
    kind: str = Field(primary_key=True, description="What was seen: a kind of change.")
    block: int = Field(primary_key=True, description="Number of the block within the run, from 0.")
    first_id: int = Field(sa_type=BIG_ID, description="Least of our ids in the block.")
    last_id: int = Field(sa_type=BIG_ID, description="Greatest of our ids in the block.")
    ids: bytes = Field(description="The ids in order, as differences (archive/runs/sightings.py).")


class RunCountry(SQLModel, table=True):
    """What one run saw, by country; an ad shown in two countries counts in both."""

    __tablename__ = "run_country"

    run_id: int = Field(
        foreign_key="run.id", sa_type=BIG_ID, primary_key=True, description="The run."
    )
    country: str = Field(
        primary_key=True,
        description="ISO 3166-1 alpha-2; empty: ads of which no country is known; `*`: every ad "
        "once, wherever it was shown.",
    )
    seen: int = Field(description="Distinct ads seen.")
    vanished: int = Field(default=0, description="Ads this run no longer found.")


class SourceTotal(SourceTotalRecord, table=True):
    """A source's own count at one time; rows are only added."""

    __tablename__ = "source_total"
    __table_args__ = (Index("source_total_by_source", "source", "observed_at"),)

    id: int | None = Field(default=None, sa_type=BIG_ID, primary_key=True, description="Our id.")
    source: str = Field(description="Source.")
    partition: str = Field(description="Partition of the run that brought it.")
    observed_at: datetime = Field(description="When the source said it.")
    recorded_at: datetime = Field(description="When this archive learned it.")
    run_id: int = Field(sa_type=BIG_ID, description="Run that brought it.")
    capture_id: int | None = Field(
        default=None, sa_type=BIG_ID, description="Evidence it stands in."
    )


class QuarantineReason(StrEnum):
    """What made a batch implausible."""

    SHRINK = "shrink"
    ABSURD_AMOUNT = "absurd_amount"
    LOWERED_TOTAL = "lowered_total"


class QuarantinedBatch(SQLModel, table=True):
    """A batch that was implausible: kept as evidence, not published until a person releases it."""

    __tablename__ = "quarantined_batch"

    id: int | None = Field(default=None, sa_type=BIG_ID, primary_key=True, description="Our id.")
    run_id: int = Field(foreign_key="run.id", sa_type=BIG_ID, description="Run that met it.")
    capture_id: int | None = Field(
        default=None, sa_type=BIG_ID, description="Evidence it stands in."
    )
    source: str = Field(index=True, description="Source.")
    partition: str = Field(description="Partition it belongs to.")
    cause: str = Field(description="shrink, absurd_amount or lowered_total.")
    reason: str = Field(description="What is implausible, with its figures, in plain words.")
    figures: dict[str, Any] = Field(
        default_factory=dict, sa_type=JSON, description="The figures that were compared, by name."
    )
    status: str = Field(
        default=PieceStatus.QUARANTINED, description="quarantined, released or rejected."
    )
    quarantined_at: datetime = Field(description="When it was quarantined.")
    settled_at: datetime | None = Field(default=None, description="When a person settled it.")
    settled_by: str | None = Field(default=None, description="Who settled it.")
    settled_because: str | None = Field(default=None, description="Why, in that person's words.")
