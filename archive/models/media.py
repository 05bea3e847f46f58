"""Pictures, videos and pages of ads: what each run of an address brought, and the files kept.

`archive/media/files.py` writes both tables; `archive/reading/ads/media.py` shows them. A kept file is one row
however many ads show it.
"""

from datetime import datetime
from enum import StrEnum

from sqlalchemy import JSON, BigInteger, Index, UniqueConstraint
from sqlmodel import Field, SQLModel

from archive.models.columns import BIG_ID


class MediaState(StrEnum):
    """How the last run of the address of an ad's picture, video or page ended."""

    KEPT = "kept"
    GONE = "gone"
    REFUSED = "refused"
    TOO_LARGE = "too_large"
    UNSAFE = "unsafe"
    UNREACHABLE = "unreachable"


class MediaFile(SQLModel, table=True):
    """A picture, video or page, kept in the evidence store under its SHA-256."""

    __tablename__ = "media_file"
    __table_args__ = (
        Index("media_file_by_dhash_1", "dhash_1"),
        Index("media_file_by_dhash_2", "dhash_2"),
        Index("media_file_by_dhash_3", "dhash_3"),
        Index("media_file_by_dhash_4", "dhash_4"),
    )

    sha256: str = Field(
        primary_key=True,
        description="SHA-256 of the bytes as they came; what is shown is a cleaned copy.",
    )
    bytes: int = Field(sa_type=BigInteger, description="Size in bytes.")
    media_type: str = Field(
        description="Kind, by the first bytes of the file; what its server called it is implausible."
    )
    width: int | None = Field(default=None, description="Width in pixels, as it is shown.")
    height: int | None = Field(default=None, description="Height in pixels, as it is shown.")
    duration_ms: int | None = Field(
        default=None,
        sa_type=BigInteger,
        description="Length of a video in milliseconds, as its file says; a picture has none.",
    )
    dhash: str | None = Field(
        default=None,
        description="What the picture looks like: 64 bits as 16 hexadecimal digits, each whether a "
        "point of its 9 x 8 grey miniature is brighter than the next one (dhash).",
    )
    dhash_1: int | None = Field(default=None, description="First 16 bits of `dhash`, for finding.")
    dhash_2: int | None = Field(default=None, description="Second 16 bits of `dhash`.")
    dhash_3: int | None = Field(default=None, description="Third 16 bits of `dhash`.")
    dhash_4: int | None = Field(default=None, description="Last 16 bits of `dhash`.")
    machine_text: str | None = Field(
        default=None,
        description="Words a machine read in the picture: never checked by a person, often wrong.",
    )
    machine_text_by: str = Field(
        default="", description="Which machine read it, or why none did, in plain words."
    )
    read_at: datetime | None = Field(
        default=None, description="When a machine looked for words in it; empty: none did."
    )
    missing: dict[str, str] = Field(
        default_factory=dict,
        sa_type=JSON,
        description="For width, height, dhash and machine_text without a value, and for the length of a "
        "video without one, the reason.",
    )
    kept_at: datetime = Field(description="When this archive first kept it.")


class AdMedia(SQLModel, table=True):
    """One address of one ad's media, and what the last run at it brought.

    A row is never taken away, and one that is `kept` is not crawled again: what was fetched stays,
    whatever becomes of the ad at its source.
    """

    __tablename__ = "ad_media"
    __table_args__ = (
        UniqueConstraint("ad_id", "url_sha256", name="ad_media_address"),
        Index("ad_media_by_address", "url_sha256"),
        Index("ad_media_by_retry", "retry_at"),
    )

    id: int | None = Field(default=None, sa_type=BIG_ID, primary_key=True, description="Our id.")
    ad_id: int = Field(foreign_key="ad.id", sa_type=BIG_ID, description="The ad.")
    version_id: int = Field(
        sa_type=BIG_ID, description="Newest version of the ad that names the address."
    )
    url: str = Field(description="Address, as the ad's source gives it.")
    url_sha256: str = Field(description="SHA-256 of the address.")
    state: str = Field(description="kept, gone, refused, too_large, unsafe or unreachable.")
    reason: str = Field(default="", description="Why it is not kept, in plain words.")
    sha256: str | None = Field(
        default=None,
        foreign_key="media_file.sha256",
        index=True,
        description="The file that is kept.",
    )
    tries: int = Field(description="How often the address was crawled.")
    fetched_at: datetime = Field(description="When it was last crawled.")
    retry_at: datetime | None = Field(
        default=None, description="When it will be crawled again; empty: not any more."
    )
