"""What happened in which order: the change sequence, its readers' marks, and the ledger's leaves."""

from datetime import datetime
from enum import StrEnum

from sqlmodel import Field, SQLModel

from archive.models.columns import BIG_ID


class ChangeKind(StrEnum):
    """What changed, so that a reader can do as little as possible."""

    AD_CONTENT = "ad_content"
    AD_NUMBERS = "ad_numbers"
    AD_STATE = "ad_state"
    AD_MEDIA = "ad_media"
    """A file of an ad was kept, or a machine read words in one."""
    AD_CREATIVE = "ad_creative"
    """An ad belongs to another creative (`archive/duplicates`): nothing was learned of the ad itself."""
    AD_SEEN = "ad_seen"
    """A run has ended that saw ads of a source where an ad without an end is running: what they say may be
    known to have run for longer. Its subject is the run (`run.id`)."""
    AD_REFUSED = "ad_refused"
    """A row of a known ad that could not be read: it is there, and nothing is known of what it says."""
    DISCLOSURE_REFUSED = "disclosure_refused"
    ADVERTISER_SPEND = "advertiser_spend"
    DISCLOSURE = "disclosure"
    COMMITTEE = "committee"
    ADVERTISER_NAME = "advertiser_name"
    """A name that was put in another's place, or taken away, because it may not be shown."""
    FLAG = "flag"
    DECISION = "decision"


class Change(SQLModel, table=True):
    """One change, in commit order; written in the transaction of what changed."""

    __tablename__ = "change"
    __table_args__ = {"sqlite_autoincrement": True}

    seq: int | None = Field(
        default=None, sa_type=BIG_ID, primary_key=True, description="Place in the sequence."
    )
    kind: str = Field(description="What changed.")
    subject_id: int = Field(sa_type=BIG_ID, description="Our id of what changed.")
    recorded_at: datetime = Field(description="When.")


class ConsumerPosition(SQLModel, table=True):
    """How far one reader of the change sequence has come."""

    __tablename__ = "consumer_position"

    consumer: str = Field(
        primary_key=True, description="search, oversight, mirror, names or copies."
    )
    seq: int = Field(sa_type=BIG_ID, description="Every change up to this one is done.")
    detail: str = Field(default="", description="What the mark holds for (index, rule set).")
    moved_at: datetime = Field(description="When the mark last moved.")
    tries: int = Field(
        default=0,
        sa_column_kwargs={"server_default": "0"},
        description="Tries that began at this mark and did not report their end.",
    )
    suspects: int = Field(
        default=0,
        sa_column_kwargs={"server_default": "0"},
        description="Among so many next ones is what ended those tries; 0: nothing is suspected.",
    )


class LeafKind(StrEnum):
    """What a ledger leaf stands for."""

    AD_VERSION = "ad_version"
    CAPTURE = "capture"
    DISCLOSURE_VERSION = "disclosure_version"
    RULE_VERSION = "rule_version"
    DECISION = "decision"
    FLAG = "flag"
    CASE_STEP = "case_step"
    REDACTION = "redaction"
    MEDIA = "media"
    LABEL = "label"
    REFERENCE = "reference"
    RULE_USE = "rule_use"


class LedgerLeaf(SQLModel, table=True):
    """One leaf of the append-only log (RFC 6962): a hash of something this archive stands by."""

    __tablename__ = "ledger_leaf"

    leaf_index: int = Field(
        sa_type=BIG_ID, primary_key=True, description="Place in the log, from 0."
    )
    kind: str = Field(description="What the leaf stands for.")
    subject_id: int = Field(sa_type=BIG_ID, description="Our id of it.")
    leaf_sha256: str = Field(description="SHA-256 of a zero byte and the leaf's canonical JSON.")
    recorded_at: datetime = Field(description="When it entered the log.")
