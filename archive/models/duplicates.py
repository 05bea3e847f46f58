"""Which ads say nearly the same: each distinct shown text once, how it is found, and which ad shows it.

`archive/duplicates/changes.py` alone writes these tables, from the change sequence; all of them follow from
`public_ad` and are made anew from it.
"""

from sqlalchemy import BigInteger, Index
from sqlmodel import Field, SQLModel

from archive.models.columns import BIG_ID


class ShownText(SQLModel, table=True):
    """A text that ads show, as it is compared: its folded words without links."""

    __tablename__ = "shown_text"
    __table_args__ = (
        Index("shown_text_by_words", "words_hash"),
        Index("shown_text_by_frame", "frame_hash"),
        Index("shown_text_by_creative", "creative"),
    )

    id: int = Field(sa_type=BIG_ID, primary_key=True, description="Our id.")
    words: str = Field(description="Its folded words, in order, with single spaces.")
    marks: str = Field(
        description="A sign for each word: `0` it holds a digit, `k` it is part of a name that the ad or a "
        "list of countries gives, `c` it has a capital inside a sentence, `.` none of these."
    )
    words_hash: str = Field(description="Hash of the words: equal for texts that say the same.")
    frame_hash: str | None = Field(
        default=None,
        description="Hash of the words with names and numbers masked; empty: too few words would be left.",
    )
    sketch: bytes = Field(
        description="A byte of each of its 32 least word pairs: like texts have many in common."
    )
    creative: str = Field(description="The creative it belongs to: the least hash of its copies.")


class TextBand(SQLModel, table=True):
    """By what a text is found among texts like it: one row for each of its bands."""

    __tablename__ = "text_band"

    key: int = Field(
        sa_type=BigInteger, primary_key=True, description="Hash of two of the least word pairs."
    )
    text_id: int = Field(
        sa_type=BigInteger, primary_key=True, description="The text (`shown_text.id`)."
    )


class AdText(SQLModel, table=True):
    """Which text an ad shows."""

    __tablename__ = "ad_text"

    ad_id: int = Field(sa_type=BIG_ID, primary_key=True, description="The ad (`ad.id`).")
    text_id: int | None = Field(
        default=None,
        sa_type=BIG_ID,
        index=True,
        description="The text (`shown_text.id`); empty: it shows no words.",
    )
    creative: str | None = Field(
        default=None,
        description="Of an ad without words its creative: the same payer and landing address.",
    )
