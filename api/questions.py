"""What an address asks of search and of spending: one reader each, for the API and for the page."""

from collections.abc import Mapping
from datetime import date
from typing import Annotated, Any, Literal, TypeVar

from fastapi import Depends, Query
from pydantic import BaseModel, BeforeValidator, ConfigDict, Field, ValidationError
from sqlmodel import Session

from api.dependencies import AS_OF, INCLUDE, VALID_AT, Reading
from api.errors import tell_invalid
from api.parameters import Country, Currency
from archive.errors import QuestionError
from archive.models import NameKind
from archive.names.reading import accept_spellings
from archive.reading import AdFilter
from archive.reading.ads.ads import Declared
from archive.reading.as_of.moment import Moment, read_day
from archive.reading.sources.known_sources import read_source
from archive.reading.visible import Include
from archive.records import Grain
from archive.records.money import to_minor
from archive.spending import SpendBasis, SpendBy, SpendMeasure, SpendQuery
from archive.spending.query import end_period
from search.question.filters import NAME_FILTERS
from search.question.query import ALL_FILTERS, LARGEST_PAGE, AdQuery, Copies, Sort, build_query

Day = Annotated[date, BeforeValidator(read_day)]
Question = TypeVar("Question", bound=BaseModel)


PAYERS = (NameKind.PAYER, NameKind.COMMITTEE)
"""Who pays: in filings that is the committee."""

_SPELT = "by the whole name, whatever its case, accents and punctuation"
_LETTERS = "The same, letter by letter."
_NAME = "whatever its case, accents and punctuation; former names too"
_UNITS = "in whole units of the one currency given beside it"


def _find_payee(
    session: Reading,
    payee: Annotated[str | None, Query(description=f"Only this payee, {_SPELT}.")] = None,
    payee_exact: Annotated[str | None, Query(description=_LETTERS)] = None,
) -> tuple[str, ...] | None:
    return accept_spellings(session, [NameKind.PAYEE], payee, payee_exact)


PayeeOf = Annotated[tuple[str, ...] | None, Depends(_find_payee)]
"""The spellings of the payee asked for."""


class SearchFilters(BaseModel):
    """What ads are narrowed down by. One name given again widens, different names narrow."""

    source: list[str] = Field(default=[], description="Source that describes the ad.")
    platform: list[str] = Field(default=[], description="Who sells the space.")
    country: list[str] = Field(default=[], description="Shown in (ISO 3166-1 alpha-2).")
    language: list[str] = Field(default=[], description="Language of the ad (ISO 639-1).")
    surface: list[str] = Field(default=[], description="Where on the platform it was shown.")
    currency: list[str] = Field(default=[], description="Currency of the spend (ISO 4217).")
    advertiser_id: list[str] = Field(default=[], description="Our id of who runs it.")
    advertiser: list[str] = Field(default=[], description=f"Whole name of who runs it, {_NAME}.")
    payer: list[str] = Field(default=[], description=f"Whole name of who pays for it, {_NAME}.")
    sponsor: list[str] = Field(default=[], description=f"Whole name of who is behind it, {_NAME}.")
    election: list[str] = Field(
        default=[], description="Election, candidate or ballot, as the source names it."
    )
    landing_domain: list[str] = Field(default=[], description="Host name the ad leads to.")
    media_type: list[str] = Field(default=[], description="Kind of creative, as sources name it.")
    state: list[str] = Field(default=[], description="seen or vanished.")
    declared_political: list[str] = Field(default=[], description="true or false.")
    media: list[str] = Field(default=[], description="kept: a file of it is kept; or none.")
    unknown: list[str] = Field(
        default=[],
        description="One of the filters above: also ads of which it is unknown; without a value for that "
        "filter, only those.",
    )
    from_on: str | None = Field(
        default=None, alias="from", description="Ran on this day or later.", examples=["2026-10-01"]
    )
    to_on: str | None = Field(
        default=None, alias="to", description="Ran on this day or earlier.", examples=["2026-10-31"]
    )
    spend_min: str | None = Field(default=None, description=f"Spent at least this, {_UNITS}.")
    spend_max: str | None = Field(
        default=None, description=f"Known to have spent at most this, {_UNITS}."
    )
    impressions_min: str | None = Field(default=None, description="Shown at least so often.")
    impressions_max: str | None = Field(
        default=None, description="Known to be shown at most so often."
    )
    first_seen_from: str | None = Field(
        default=None, description="First seen on this day or later."
    )
    first_seen_to: str | None = Field(
        default=None, description="First seen on this day or earlier."
    )
    vanished_from: str | None = Field(default=None, description="Gone since this day or later.")
    vanished_to: str | None = Field(default=None, description="Gone since this day or earlier.")
    copy_of: str | None = Field(
        default=None, description="Id of an ad: only ads of the same creative, itself among them."
    )

    def list_filters(self) -> list[tuple[str, str]]:
        """Each filter with each of its values; an empty one asks nothing."""
        given = self.model_dump(by_alias=True, include=FILTER_FIELDS)
        values = {
            name: [value] if isinstance(value, str) else value or []
            for name, value in given.items()
        }
        return [(name, value) for name in ALL_FILTERS for value in values[name] if value.strip()]


FILTER_FIELDS = set(SearchFilters.model_fields)


class SearchQuestion(SearchFilters):
    """Which ads are searched for, and which page of them is wanted."""

    q: str = Field(
        default="",
        description='Words, "phrases", -word, a OR b, word*, field:word (docs/search.md); empty: every ad.',
    )
    copies: Copies = Field(
        default=Copies.EVERY,
        description="once: of each creative (docs/copies.md) the ad that comes first alone, with how many it "
        "stands for; every: each ad.",
    )
    sort: Sort = Field(default=Sort.RELEVANCE, description="Order of the hits.")
    limit: int = Field(default=20, ge=1, le=LARGEST_PAGE, description="Hits a page.")
    page: int = Field(default=1, ge=1, description="Which page, from 1.")
    facets: list[str] = Field(
        default=[], alias="facet", description="Filters to count values of; repeat."
    )
    facet_start: str = Field(
        default="", max_length=100, description="Only count values of the facets that begin so."
    )
    include: Include | None = Field(default=None, description=INCLUDE)

    def build_query(self) -> AdQuery:
        """The question as engines take it.

        Raises:
            QueryError: if a part of it is not allowed.
        """
        shown = {"copies", "sort", "limit", "page", "facets", "facet_start", "include"}
        asked = self.model_dump(include=shown)
        return build_query(self.q, filters=self.list_filters(), **asked)


class SearchBody(SearchQuestion):
    """A search whose question comes as a body."""

    model_config = ConfigDict(
        extra="forbid",
        coerce_numbers_to_str=True,
        json_schema_extra={
            "examples": [{"q": "clean air", "country": ["NO", "SE"], "from": "2026-10-01"}]
        },
    )

    as_of: str | None = Field(default=None, description=AS_OF)
    valid_at: str | None = Field(default=None, description=VALID_AT)


class AdQuestion(BaseModel):
    """Which ads a list or a download holds; every part given must hold."""

    source: str | None = Field(default=None, description="Only ads of this source.")
    platform: str | None = Field(default=None, description="Only ads of this platform.")
    country: Country | None = Field(
        default=None,
        description="Only ads shown in this country (ISO 3166-1 alpha-2).",
        examples=["NO"],
    )
    advertiser_id: str | None = Field(
        default=None, description="Only ads of this advertiser, by our id."
    )
    advertiser: str | None = Field(
        default=None, description=f"Only ads of this advertiser, {_SPELT}."
    )
    advertiser_exact: str | None = Field(default=None, description=_LETTERS)
    payer: str | None = Field(default=None, description=f"Only ads of this payer, {_SPELT}.")
    payer_exact: str | None = Field(default=None, description=_LETTERS)
    sponsor: str | None = Field(default=None, description=f"Only ads of this sponsor, {_SPELT}.")
    sponsor_exact: str | None = Field(default=None, description=_LETTERS)
    currency: Currency | None = Field(
        default=None, description="Only ads in this currency (ISO 4217).", examples=["EUR"]
    )
    state: Literal["seen", "vanished"] | None = Field(default=None, description="seen or vanished.")
    election: str | None = Field(
        default=None, description="Only ads of this election, by the source's name, or unknown."
    )
    declared_political: Declared | None = Field(
        default=None, description="Whether it was declared political, or unknown."
    )
    from_on: Day | None = Field(
        default=None, alias="from", description="Only ads that ran on this day or later."
    )
    to_on: Day | None = Field(
        default=None, alias="to", description="Only ads that ran on this day or before."
    )
    spend_min: int | None = Field(default=None, ge=0, description=f"Spent at least this, {_UNITS}.")
    spend_max: int | None = Field(
        default=None, ge=0, description=f"Known to have spent at most this, {_UNITS}."
    )
    include: Include | None = Field(default=None, description=INCLUDE)

    def build_filter(self, session: Session) -> AdFilter:
        """The filter a list of ads is asked with.

        Raises:
            QuestionError: if there is no such source, or amounts have no currency beside them.
        """
        left = {f"{name}_exact" for name in NAME_FILTERS} | {"spend_min", "spend_max"}
        asked = self.model_dump(exclude=left)
        spelt = {
            name: accept_spellings(
                session, [NameKind(name)], asked[name], getattr(self, f"{name}_exact")
            )
            for name in NAME_FILTERS
        }
        source = read_source(session, self.source) if self.source is not None else None
        amounts = {f"{name}_minor": self._read_units(name) for name in ("spend_min", "spend_max")}
        return AdFilter(**asked | spelt | amounts | {"source": source})

    def _read_units(self, name: str) -> int | None:
        units = getattr(self, name)
        if units is None:
            return None
        if self.currency is None:
            raise QuestionError(name, f"{name} needs a currency beside it: currency=EUR")
        return to_minor(str(units), self.currency)


class SpendQuestion(BaseModel):
    """Whose money is added up, over which days, and by what it is split."""

    by: SpendBy | None = Field(default=None, description="What to split by; empty: not split.")
    measure: SpendMeasure = Field(
        default=SpendMeasure.ADS, description="Whose figure: ads, reported or disclosed."
    )
    basis: SpendBasis | None = Field(
        default=None, description="lifetime, bounds or estimate; empty: bounds with a period."
    )
    from_on: Day | None = Field(default=None, alias="from", description="First day.")
    to_on: Day | None = Field(default=None, alias="to", description="Last day, inclusive.")
    source: str | None = Field(default=None, description="Only this source.")
    platform: str | None = Field(default=None, description="Only this platform.")
    country: str | None = Field(default=None, description="Only ads shown in this country.")
    currency: str | None = Field(default=None, description="Only this currency.")
    advertiser_id: str | None = Field(default=None, description="Only this advertiser.")
    payer: str | None = Field(default=None, description=f"Only this payer, {_SPELT}.")
    payer_exact: str | None = Field(default=None, description=_LETTERS)
    convert_to: str | None = Field(
        default=None, description="Currency to bring all amounts into (ISO 4217)."
    )
    grain: Grain | None = Field(
        default=None, description="Only statements of days, weeks, windows …; empty: automatic."
    )
    include: Include | None = Field(default=None, description=INCLUDE)

    def build_query(self, session: Session, moment: Moment, today: date) -> SpendQuery:
        """The question as the archive takes it, about a moment; its period ends today at the latest.

        Raises:
            SpendQueryError: if its first day cannot be asked about.
        """
        from_on, to_on = end_period(self.from_on, self.to_on, today)
        payer = accept_spellings(session, PAYERS, self.payer, self.payer_exact)
        asked = self.model_dump(exclude={"payer_exact"})
        return SpendQuery(
            **asked | {"from_on": from_on, "to_on": to_on, "payer": payer}, moment=moment
        )


def read_question(kind: type[Question], given: Mapping[str, Any]) -> Question:
    """The question in the fields of a form; one that is empty asks nothing.

    Raises:
        QuestionError: if a field cannot be read; it names the field and what is allowed.
    """
    try:
        return kind.model_validate({name: value for name, value in given.items() if value != ""})
    except ValidationError as error:
        wrong = error.errors()[0]
        field = str(wrong["loc"][0])
        text = f"{field} {str(wrong['input'])[:50]!r} cannot be read: {tell_invalid(wrong)}"
        raise QuestionError(field, text) from None
