"""What a search answers: hits that need no second query, and the page they stand on.

Both engines, the API and the pages speak these types. Nothing here knows an engine.
"""

import re
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, datetime
from typing import Literal

from sqlmodel import Field, SQLModel

from archive.names.reading import FoundNames
from archive.reading.coverage import CrawledDays
from archive.reading.views import AS_OF, VALID_AT, VISIBLE_BY_DEFAULT

MARK_START, MARK_END = "\ue000", "\ue001"
"""Private-use characters around what matched: a page escapes the snippet first, then replaces them."""

_NEVER_SHOWN = re.compile(f"[{MARK_START}{MARK_END}\x00]")

ELLIPSIS = "…"

FORMER_NAMES = "former_names"

FACET_VALUES = 100
"""Values counted of one facet, the most frequent."""

WordsFrom = Literal["source", "machine_read", "none"]
"""Where an ad's words come from: its source, a machine that read its pictures, or it has none."""

Matched = Literal["everything", "all_words", "near_spellings"]


@dataclass(frozen=True)
class FoundCreatives:
    """What is counted where each creative is found once."""

    hits: int
    """On all pages: creatives, and ads that nobody has compared yet."""
    not_compared: int
    """Ads among them."""
    copies: Mapping[int, int]
    """By our id of an ad of the page: how many of the ads that answer it stands for, itself among them."""

    @property
    def creatives(self) -> int | None:
        """How many creatives the ads are; `None`: not all were compared."""
        return None if self.not_compared else self.hits


class ShownAd(SQLModel):
    """What a list of results shows of an ad."""

    id: str = Field(description="Permanent id, `<source>:<ref>`.")
    source: str = Field(description="Source that describes it.")
    platform: str = Field(description="Who sells the space.")
    advertiser: str | None = Field(description="Who runs the ad, as the source names them.")
    advertiser_id: str | None = Field(description="Our id of who runs it.")
    payer: str | None = Field(description="Who pays for it, as declared to the source.")
    sponsor: str | None = Field(description="Who stands behind it, where declared apart.")
    former_names: dict[str, list[str]] = Field(
        default_factory=dict,
        description="Names that it had in an earlier version and has no more, oldest first, by advertiser, "
        "payer, sponsor; it is found by them too.",
    )
    election: str | None = Field(
        default=None, description="Election, candidate or ballot the source ties it to."
    )
    countries: list[str] = Field(description="Countries it was shown in (ISO 3166-1 alpha-2).")
    countries_from: str | None = Field(
        default=None,
        description="How they are known: `stated` by the source, or only `asked`: it was asked for each of "
        "them and gave the ad. Empty: none is known.",
    )
    languages: list[str] = Field(description="Languages of the ad (ISO 639-1).")
    surfaces: list[str] = Field(description="Where on the platform it was shown.")
    media_type: str | None = Field(description="Kind of creative as the source names it.")
    declared_political: bool | None = Field(description="Whether it was declared political.")
    is_visible_by_default: bool = Field(description=VISIBLE_BY_DEFAULT)
    currency: str | None = Field(description="Currency of the spend (ISO 4217).")
    spend_lower_minor: int | None = Field(description="Least spent so far, in minor units.")
    spend_upper_minor: int | None = Field(
        description="Most spent so far, inclusive; empty while the lower bound is known: open."
    )
    impressions_lower: int | None = Field(description="Least number of times shown.")
    impressions_upper: int | None = Field(description="Most times shown; empty: open.")
    started_on: date | None = Field(description="First day of the ad, by the source's day.")
    ended_on: date | None = Field(description="Last day of the ad, inclusive.")
    state: str = Field(description="`seen` when last looked for, or `vanished`.")
    versions: int = Field(description="Versions the archive holds.")
    missing: dict[str, str] = Field(
        description="For each of these fields without a value, the reason why it is missing."
    )


class SearchHit(ShownAd):
    """One result."""

    snippet: str = Field(
        description="A piece of the ad, unescaped, with U+E000 and U+E001 around what matched."
    )
    snippet_from: str = Field(
        description="Where the piece stands: title, body, picture (read by a machine), landing, advertiser, "
        "payer, sponsor, former_names; empty when the ad has no words at all."
    )
    copies: int | None = Field(
        default=None,
        description="With `copies=once`: how many ads of this answer are of its creative, itself among them; "
        "`copy_of` with its id finds just these.",
    )


class OtherWords(SQLModel):
    """Ads that have words like those asked for, and not these themselves."""

    total: int = Field(description="Such ads.")
    words: dict[str, list[str]] = Field(
        description="For each word asked for, the others that are counted, at most twelve."
    )
    q: str = Field(description="The question that finds them, and those with the words themselves.")


class SearchPage(SQLModel):
    """One page of results with the figures of the whole answer."""

    total: int = Field(description="Ads that answer the query.")
    creatives: int | None = Field(
        default=None,
        description="With `copies=once`: how many creatives these ads are (docs/copies.md); empty: not asked "
        "for, or not all of them have been compared yet.",
    )
    hits_total: int = Field(
        description="Hits on all pages: as many as ads; with `copies=once` one for each creative, and for "
        "each ad that has not been compared yet."
    )
    folded_by: str | None = Field(
        default=None, description="With `copies=once`: what was taken for one creative, in words."
    )
    total_from: Literal["exact", "estimate"] = Field(description="How far the total can be cited.")
    matched: Matched = Field(
        description="What the hits have: what was asked for, or near spellings, because no ad has that; "
        "the total counts none of the latter."
    )
    engine: str = Field(description="What answered: embedded, meilisearch or archive.")
    data_as_of: datetime | None = Field(
        description="When the archive learned the newest thing this answer takes into account."
    )
    waiting_ads: int = Field(
        default=0,
        description="Ads that are new or say something else since then, and cannot be found yet; the total "
        "is exact for what is indexed.",
    )
    near: OtherWords | None = Field(
        default=None,
        description="Ads with near spellings, on the first page; empty: there are none.",
    )
    longer: OtherWords | None = Field(
        default=None, description="Ads with words that go on from one asked for, likewise."
    )
    names: FoundNames | None = Field(
        default=None,
        description="Advertisers, payers, sponsors, payees and committees with a name that answers the "
        "question, on its first page and as of now only.",
    )
    copy_faults: list[str] = Field(
        default_factory=list,
        description="What is wrong with the search copy, looked at once a minute; the total is an estimate "
        "then.",
    )
    engine_away: str | None = Field(
        default=None,
        description="Why the archive itself answers a question about now, and what its answer lacks; empty: "
        "the engine answers.",
    )
    as_of: datetime | None = Field(default=None, description=AS_OF)
    valid_at: datetime | None = Field(default=None, description=VALID_AT)
    hits: list[SearchHit] = Field(description="The page's results, in order.")
    coverage: list[CrawledDays] = Field(
        default_factory=list,
        description="How well each source that was searched was crawled: in the days asked for, else "
        "from its first run to its last.",
    )
    facets: dict[str, dict[str, int]] = Field(
        description="For each facet asked for: value -> ads, most first, equals by value, at most 100 "
        "values. An ad without a value is in none; one with several is in each. All spellings of a name "
        "are one value."
    )
    facet_unknown: dict[str, int] = Field(
        default_factory=dict,
        description="For each facet asked for: ads of which the value is unknown.",
    )
    bounds_unknown: dict[str, int] = Field(
        default_factory=dict,
        description="For each amount, number or day that was asked for: ads that pass everything else and "
        "of which that figure is unknown or open; they are not in the total.",
    )
    words_from: dict[str, int] = Field(
        default_factory=dict,
        description="Of the ads that pass the filters, whatever their words, on the first page: how many "
        "have words of their source, only words that a machine read in their pictures, or none.",
    )


def clean_text(text: str) -> str:
    """A text without the characters that mark what matched, and without halves of characters."""
    if text.isascii() and "\x00" not in text:
        return text
    return _NEVER_SHOWN.sub("", text).encode("utf-8", "replace").decode()


def cut_facet(counted: Mapping[str, int]) -> dict[str, int]:
    """The most frequent values of a facet, equals by value."""
    return dict(sorted(counted.items(), key=lambda item: (-item[1], item[0]))[:FACET_VALUES])
