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
from search.query import LARGEST_PAGE, AdQuery, Sort, build_query, split_filter

Day = Annotated[date, BeforeValidator(read_day)]
Question = TypeVar("Question", bound=BaseModel)


class SearchQuestion(BaseModel):
    """Which ads are searched for, and which page of them is wanted."""

    q: str = Field(
        default="",
        description='Words, "phrases", -word, a OR b, word*, field:word (docs/search.md); empty: every ad.',
    )
    filters: list[str] = Field(
        default=[], alias="filter", description="name=value; repeat to widen or narrow."
    )
    sort: Sort = Field(default=Sort.RELEVANCE, description="Order of the hits.")
    limit: int = Field(default=20, ge=1, le=LARGEST_PAGE, description="Hits a page.")
    page: int = Field(default=1, ge=1, description="Which page, from 1.")
    facets: list[str] = Field(
        default=[], alias="facet", description="Filters to count values of; repeat."
    )
    include: Include | None = Field(default=None, description=INCLUDE)

    def build_query(self) -> AdQuery:
        """The question as engines take it.

        Raises:
            QueryError: if a part of it is not allowed.
        """
        asked = dict(self)
        return build_query(asked.pop("q"), **asked | {"filters": map(split_filter, self.filters)})


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
