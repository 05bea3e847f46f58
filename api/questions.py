"""What an address asks of search and of spending: one reader each, for the API and for the page."""

from collections.abc import Mapping
from datetime import date
from typing import Annotated, Any, TypeVar

from pydantic import BaseModel, BeforeValidator, Field, ValidationError

from api.dependencies import INCLUDE
from archive.errors import QuestionError
from archive.reading.as_of.moment import Moment, read_day
from archive.reading.visible import Include
from archive.records import Grain
from archive.spending import SpendBasis, SpendBy, SpendMeasure, SpendQuery
from archive.spending.query import end_period
from search.question.query import ALL_FILTERS, LARGEST_PAGE, AdQuery, Copies, Sort, build_query

Day = Annotated[date, BeforeValidator(read_day)]
Question = TypeVar("Question", bound=BaseModel)


_NAME = "whatever its case, accents and punctuation; former names too"
_UNITS = "in whole units of the one currency given beside it"


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
    since: list[str] = Field(default=[], description="Ran on this day or later.")
    until: list[str] = Field(default=[], description="Ran on this day or earlier.")
    spend_min: list[str] = Field(default=[], description=f"Spent at least this, {_UNITS}.")
    spend_max: list[str] = Field(
        default=[], description=f"Known to have spent at most this, {_UNITS}."
    )
    impressions_min: list[str] = Field(default=[], description="Shown at least so often.")
    impressions_max: list[str] = Field(
        default=[], description="Known to be shown at most so often."
    )
    first_seen_from: list[str] = Field(default=[], description="First seen on this day or later.")
    first_seen_to: list[str] = Field(default=[], description="First seen on this day or earlier.")
    vanished_from: list[str] = Field(default=[], description="Gone since this day or later.")
    vanished_to: list[str] = Field(default=[], description="Gone since this day or earlier.")
    copy_of: list[str] = Field(
        default=[], description="Id of an ad: only ads of the same creative, itself among them."
    )

    def list_filters(self) -> list[tuple[str, str]]:
        """Each filter with each of its values; an empty one asks nothing."""
        return [
            (name, value) for name in ALL_FILTERS for value in getattr(self, name) if value.strip()
        ]


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
        asked = self.model_dump(exclude={"q", *ALL_FILTERS})
        return build_query(self.q, filters=self.list_filters(), **asked)


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
    payer_name: str | None = Field(default=None, description="Only this payer.")
    convert_to: str | None = Field(
        default=None, description="Currency to bring all amounts into (ISO 4217)."
    )
    grain: Grain | None = Field(
        default=None, description="Only statements of days, weeks, windows …; empty: automatic."
    )
    include: Include | None = Field(default=None, description=INCLUDE)

    def build_query(self, moment: Moment, today: date) -> SpendQuery:
        """The question as the archive takes it, about a moment; its period ends today at the latest.

        Raises:
            SpendQueryError: if its first day cannot be asked about.
        """
        from_on, to_on = end_period(self.from_on, self.to_on, today)
        return SpendQuery(**dict(self) | {"from_on": from_on, "to_on": to_on}, moment=moment)


def read_question(kind: type[Question], given: Mapping[str, Any]) -> Question:
    """The question in the fields of a form; one that is empty asks nothing.

    Raises:
        QuestionError: if a field cannot be read; it names the field and what is allowed.
    """
    try:
        return kind.model_validate({name: value for name, value in given.items() if value != ""})
    except ValidationError as error:
        wrong = error.errors()[0]
        field, message = str(wrong["loc"][0]), wrong["msg"].removeprefix("Value error, ")
        text = f"{field} {str(wrong['input'])[:50]!r} cannot be read: {message}"
        raise QuestionError(field, text) from None
