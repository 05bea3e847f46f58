"""What a source is, and the pieces of it that could not be read."""

from collections.abc import Mapping
from enum import StrEnum
from typing import Annotated

from pydantic import AfterValidator, BeforeValidator
from sqlalchemy import JSON, BigInteger, String, false
from sqlmodel import Field, SQLModel

from archive.records.base import MAX_MINOR
from archive.records.money import AmountBasis, TaxBasis


class SourceKind(StrEnum):
    """What a source mainly gives."""

    ADS = "ads"
    DISCLOSURES = "disclosures"


class Material(StrEnum):
    """What a source gives, in the classes its terms are about."""

    FIELDS = "fields"
    TEXTS = "texts"
    MEDIA = "media"


MATERIAL_IN_WORDS: Mapping[Material, str] = {
    Material.FIELDS: "every field of a record but those two, addresses of media too",
    Material.TEXTS: "`titles`, `bodies` and `descriptions` of an ad",
    Material.MEDIA: "what the addresses in `media_urls` of an ad hold",
}
"""Which fields belong to which class."""


class Allowance(StrEnum):
    """What this archive may do with material of a source."""

    PUBLISH = "publish"
    KEEP = "keep"
    LEAVE = "leave"


ALLOWANCE_IN_WORDS = {
    Allowance.PUBLISH: "may be fetched, kept and shown",
    Allowance.KEEP: "may be fetched and kept as evidence, but is not shown",
    Allowance.LEAVE: "is not fetched",
}


WITHHELD_IN_WORDS = "is read into no record and not shown; only the evidence may hold it"
"""What becomes of a field that is withheld, as the rest of a sentence."""


class Terms(SQLModel):
    """What a source's terms let this archive do with one class of its material, and by what word."""

    allows: Allowance = Field(
        description="publish (fetch and show), keep (fetch, keep as evidence, do not show) or leave."
    )
    because: str = Field(
        min_length=1, description="The term or law that says so; that nothing is said, if so."
    )


UNSTATED_TERMS: Mapping[Material, Terms] = {
    Material.FIELDS: Terms(
        allows=Allowance.PUBLISH, because="facts that the source publishes for scrutiny"
    ),
    Material.TEXTS: Terms(
        allows=Allowance.PUBLISH, because="quoted with its source, for scrutiny of political ads"
    ),
    Material.MEDIA: Terms(
        allows=Allowance.LEAVE, because="the source states no terms for pictures and videos"
    ),
}
"""What holds for a class a source says nothing about."""


def name_every_class(given: object) -> object:
    """Terms in which a class that has none gets the house's."""
    return {**UNSTATED_TERMS, **given} if isinstance(given, Mapping) else given


def check_shown_classes(terms: dict[Material, Terms]) -> dict[Material, Terms]:
    """The terms, if this archive can keep them: what it knows of an ad, all its readers see.

    Raises:
        ValueError: if fields or texts may not be published.
    """
    for material in (Material.FIELDS, Material.TEXTS):
        if terms[material].allows != Allowance.PUBLISH:
            raise ValueError(f"{material} of a source are shown; one that forbids it is none")
    return terms


TermsByClass = Annotated[
    dict[Material, Terms], BeforeValidator(name_every_class), AfterValidator(check_shown_classes)
]


class PartInfo(SQLModel):
    """A part of a source that has a publisher and terms of its own: one feed."""

    title: str = Field(description="Name of the part as its publisher gives it.")
    publisher: str = Field(description="Who publishes it.")
    licence: str = Field(description="Terms of reuse; `not stated` where the publisher is silent.")
    republish: TermsByClass = Field(
        default_factory=lambda: dict(UNSTATED_TERMS),
        sa_type=JSON,
        description="For fields, texts and media of this part: whether they may be fetched and "
        "republished, and by what term.",
    )


class SourceInfo(SQLModel):
    """What one source is, and what it allows: the head of each spider."""

    id: str = Field(primary_key=True, description="Our id of the source; also its spider's name.")
    title: str = Field(description="Name of the source as its publisher gives it.")
    publisher: str = Field(description="Who publishes it.")
    kind: SourceKind = Field(description="Whether it gives ads or disclosures.")
    homepage: str = Field(description="Address of the source for people.")
    documentation: str = Field(description="Address of the publisher's own description.")
    licence: str = Field(description="Terms of reuse; 'not stated' where the publisher is silent.")
    access: str = Field(description="robots: obey, or the terms of an API.")
    needs: str = Field(default="", description="What an operator must have: a token, an account.")
    partition_unit: str = Field(description="What one partition covers: a year's file, a country.")
    asks_by_country: bool = Field(
        default=False,
        sa_column_kwargs={"server_default": false()},
        description="Whether a partition's name begins with the one country that the source is asked for "
        "(`NO`, `NO valg`): what it gives then counts as shown there, where it states no country.",
    )
    seconds_between_requests: float = Field(
        ge=0, description="Fastest pace we allow ourselves here, in seconds."
    )
    data_gaps: str = Field(default="", description="What this source is known not to tell.")
    plausible_fall_share: float = Field(
        default=0.2,
        ge=0,
        le=1,
        sa_column_kwargs={"server_default": "0.2"},
        description="Largest share of a partition's ads, or of its amounts, that one run may take "
        "away before a person must accept it.",
    )
    plausible_spend_minor: int = Field(
        default=100_000_000_00,
        ge=0,
        sa_type=BigInteger,
        sa_column_kwargs={"server_default": "10000000000"},
        description="Largest amount of one row, in minor units of any currency, that is taken in "
        "before a person must accept it.",
    )
    fewest_records_per_run: int = Field(
        default=1,
        ge=0,
        sa_column_kwargs={"server_default": "1"},
        description="Records that a complete run of a partition is expected to bring at least.",
    )
    most_records_per_run: int | None = Field(
        default=None,
        ge=1,
        description="Records that one run is expected to bring at most; empty: no expectation.",
    )
    expected_blank_shares: dict[str, float] = Field(
        default_factory=dict,
        sa_type=JSON,
        sa_column_kwargs={"server_default": "{}"},
        description="Largest share of the ads of one run that is expected to leave a field blank, "
        "by field; other fields may be blank everywhere.",
    )
    rounding: str = Field(
        default="",
        sa_column_kwargs={"server_default": ""},
        description="That it rounds what it states for advertisers, and how the steps are known; empty: "
        "amounts are taken as printed.",
    )
    rounded_to_minor: dict[str, int] = Field(
        default_factory=dict,
        sa_type=JSON,
        sa_column_kwargs={"server_default": "{}"},
        description="Those steps by currency, in minor units; a currency that is not there is rounded by "
        "a step that nobody states.",
    )
    amounts: AmountBasis = Field(
        default=AmountBasis.UNKNOWN,
        sa_type=String,
        sa_column_kwargs={"server_default": AmountBasis.UNKNOWN},
        description="What its amounts are by its own word: billed (billed or paid), estimated, "
        "billed_or_estimated, or unknown.",
    )
    amounts_tax: TaxBasis = Field(
        default=TaxBasis.UNKNOWN,
        sa_type=String,
        sa_column_kwargs={"server_default": TaxBasis.UNKNOWN},
        description="Whether tax is in these amounts: in, out or unknown.",
    )
    amounts_because: str = Field(
        default="",
        sa_column_kwargs={"server_default": ""},
        description="Where the source says so; empty: it says nothing of it.",
    )
    first_partition_year: int | None = Field(
        default=None,
        description="First year with a partition of its own, where partitions bear the names of years; "
        "empty: they do not.",
    )
    years_per_partition: int = Field(
        default=1,
        ge=1,
        sa_column_kwargs={"server_default": "1"},
        description="Years that such a partition covers, up to the one it is named by.",
    )
    missing_end: str = Field(
        default="",
        sa_column_kwargs={"server_default": ""},
        description="That an ad it shows without an end is running then, and where the source says so; "
        "empty: a missing end is unknown.",
    )
    republish: TermsByClass = Field(
        default_factory=lambda: dict(UNSTATED_TERMS),
        sa_type=JSON,
        sa_column_kwargs={"server_default": "{}"},
        description="For fields, texts and media: whether they may be fetched and republished, and "
        "by what term.",
    )
    withheld: dict[str, str] = Field(
        default_factory=dict,
        sa_type=JSON,
        sa_column_kwargs={"server_default": "{}"},
        description="Fields of the source, in its own names, that are read into no record and shown "
        "nowhere, each with the reason; only the evidence may hold them.",
    )
    shown_fields: list[str] = Field(
        default_factory=list,
        sa_type=JSON,
        sa_column_kwargs={"server_default": "[]"},
        description="Fields of the source, in its own names, that were looked at and are shown as they "
        "are; any other that no record has a place for is kept and not shown until a person allows it.",
    )


class SourceTotalRecord(SQLModel):
    """How many ads a source says it holds: its own count, kept beside ours and never mixed with it."""

    dataset: str = Field(
        min_length=1, description="The source's file or table the total stands in."
    )
    subject: str = Field(
        default="", description="What is counted, in the source's own key (an advertiser, a page)."
    )
    country: str | None = Field(
        default=None, description="Country counted (ISO 3166-1 alpha-2); empty: the whole source."
    )
    ads_count: int = Field(
        ge=0, le=MAX_MINOR, sa_type=BigInteger, description="Ads it says it holds."
    )


class QuarantineStage(StrEnum):
    """The step at which something was put aside."""

    READING = "reading"
    INGEST = "ingest"
    EVALUATION = "evaluation"
    SEARCH = "search"
    MIRROR = "mirror"
    COPIES = "copies"
    MEDIA = "media"
    CRAWL = "crawl"


class Unreadable(SQLModel):
    """A piece of a source that could not be read: kept with its bytes, never guessed."""

    file: str = Field(description="Name of the file or page it stands in.")
    line: int | None = Field(default=None, description="First line of the piece, from 1.")
    field: str | None = Field(default=None, description="Field that could not be read.")
    reason: str = Field(description="What is wrong, in plain words.")
    raw: bytes = Field(
        default=b"", description="The piece itself, byte for byte; empty: the whole capture."
    )
    stage: QuarantineStage = Field(
        default=QuarantineStage.READING, description="Step that could not take it."
    )
    subject: str = Field(
        default="", description="Permanent id of what it is about; empty: its place alone tells."
    )
    detail: str = Field(default="", description="What failed, in the program's words.")
    ref: str | None = Field(
        default=None,
        description="The source's id of the ad whose row it is, where that can be read.",
    )
    hides: bool = Field(
        default=True,
        description="Something may stand in it of which nobody can tell that it is still there.",
    )
