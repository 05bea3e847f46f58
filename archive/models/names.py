"""Who bears a name: every name of the public tables once, how it is spelt, and how often it stands where.

Only `archive.names.following` writes here, from the change sequence; all of it follows from public tables.
"""

from enum import StrEnum

from sqlalchemy import Index, UniqueConstraint
from sqlmodel import Field, SQLModel

from archive.models.columns import BIG_ID, IN_BYTES


class NameKind(StrEnum):
    """As what somebody is named."""

    ADVERTISER = "advertiser"
    PAYER = "payer"
    SPONSOR = "sponsor"
    PAYEE = "payee"
    COMMITTEE = "committee"


class NameCounts(SQLModel):
    """How many public rows bear a name."""

    ads: int = Field(default=0, description="Ads that lists show by default and that bear it.")
    statements: int = Field(
        default=0, description="Newest statements about spending, not withdrawn, that bear it."
    )
    filings: int = Field(
        default=0, description="Filed expenditures that bear it, or that a committee of it filed."
    )
    registered: int = Field(
        default=0,
        description="Advertisers that bore it at some time, or committees registered under it.",
    )


class Name(NameCounts, table=True):
    """One name of one kind, in all its spellings."""

    __tablename__ = "name"
    __table_args__ = (UniqueConstraint("key", "kind", name="name_key_kind"),)

    id: int = Field(sa_type=BIG_ID, primary_key=True, description="Our id.")
    kind: str = Field(description="advertiser, payer, sponsor, payee or committee.")
    key: str = Field(
        sa_type=IN_BYTES,
        description="Its folded words with single spaces: what its spellings have in common.",
    )
    name: str = Field(
        description="Its commonest spelling; of equally common ones the smallest by code points."
    )


class NameSpelling(NameCounts, table=True):
    """One spelling of a name, as rows have it letter by letter."""

    __tablename__ = "name_spelling"
    __table_args__ = (
        UniqueConstraint("kind", "spelling", name="name_spelling_kind_spelling"),
        Index("name_spelling_by_name", "name_id"),
    )

    id: int = Field(sa_type=BIG_ID, primary_key=True, description="Our id.")
    name_id: int = Field(sa_type=BIG_ID, description="The name (`name.id`).")
    kind: str = Field(description="The name's kind.")
    spelling: str = Field(description="The spelling.")


class NameWord(SQLModel, table=True):
    """A word by which a name is found."""

    __tablename__ = "name_word"
    __table_args__ = (Index("name_word_by_name", "name_id"), {"sqlite_with_rowid": False})

    word: str = Field(
        sa_type=IN_BYTES,
        primary_key=True,
        description="The folded word, or a further spelling of it.",
    )
    name_id: int = Field(sa_type=BIG_ID, primary_key=True, description="The name (`name.id`).")


class NamedRow(SQLModel, table=True):
    """Which spellings were counted for one public row, so that a change counts nothing else again."""

    __tablename__ = "named_row"
    __table_args__ = ({"sqlite_with_rowid": False},)

    what: str = Field(
        primary_key=True, description="ad, statement, filing, advertiser_name or committee."
    )
    row_id: int = Field(sa_type=BIG_ID, primary_key=True, description="The row's own id.")
    advertiser: int | None = Field(default=None, sa_type=BIG_ID, description="Spelling counted.")
    payer: int | None = Field(default=None, sa_type=BIG_ID, description="Spelling counted.")
    sponsor: int | None = Field(default=None, sa_type=BIG_ID, description="Spelling counted.")
    payee: int | None = Field(default=None, sa_type=BIG_ID, description="Spelling counted.")
    committee: int | None = Field(default=None, sa_type=BIG_ID, description="Spelling counted.")
