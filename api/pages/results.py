"""The page of search results: the total and what it is worth, facets, hits with marks and bands."""

from collections.abc import Collection
from dataclasses import dataclass
from datetime import datetime
from urllib.parse import urlencode

from fastapi import APIRouter, Request
from fastapi.responses import HTMLResponse

from api.dependencies import MomentOf, Rooms, RoomsDep
from api.errors import find_status, tell_error
from api.pages.names import IN_WORDS
from api.pages.page_frame import write_time
from api.pages.range_bar import find_scales
from api.pages.site import PageHead, render_page, set_moment
from api.questions import SearchQuestion, read_question
from archive.errors import QuestionError, cut_echo
from archive.reading.as_of.moment import Moment
from archive.store.database import read
from archive.text.names import fold_name
from search.answering.answers import answer_query
from search.hits import SearchPage
from search.port import SearchUnavailableError
from search.question.filters import NAME_FILTERS, VALUE_FILTERS
from search.question.language import WAYS_TO_ASK
from search.question.query import (
    ALL_FILTERS,
    DAYS,
    LAST_RESULT,
    MOST_CHARACTERS,
    AdQuery,
    Copies,
    Sort,
)

router = APIRouter()

FACETS = ("platform", "country", "payer", "language", "currency", "state", "source")
VALUES_SHOWN = 8
"""Values of a facet offered as boxes to tick, besides those already ticked."""
MORE_VALUES = 40
"""Further ones, shown when somebody asks."""

HITS_SHOWN = 20

SEVERAL_VALUES = (*VALUE_FILTERS, "unknown")
"""Filters that take more than one."""

SORTS = {
    Sort.RELEVANCE: "best match first",
    Sort.NEWEST: "newest first",
    Sort.SPEND: "most spent first, currency by currency",
    Sort.IMPRESSIONS: "most shown first",
}
FOLDS = {Copies.ONCE: "one creative once", Copies.EVERY: "every copy"}
MATCHED = {
    "near_spellings": "No ad has these words; these have words spelt nearly like them.",
}


@dataclass(frozen=True)
class FacetChoice:
    """One value of a facet, as a box to tick."""

    value: str
    ads: int | None
    is_chosen: bool
    is_rare: bool = False
    """Only shown when somebody asks for more."""
    is_unknown: bool = False
    """It stands for the ads of which the value is unknown."""


@dataclass(frozen=True)
class Asked:
    """What a reader asked, as the address holds it."""

    text: str
    filters: tuple[tuple[str, str], ...]
    sort: str
    page: int
    copies: str
    include: str
    """`unlabelled`: also ads without a political label; empty: not those."""

    @property
    def path(self) -> str:
        """Permanent address of this very question."""
        return f"/search?{self.encode()}"

    def encode(self) -> str:
        """The question as the query of an address."""
        return urlencode([("q", self.text), *self.filters, *self._list_rest()])

    def locate_rows(self, form: str) -> str:
        """Address of all that answers, as a file."""
        included = [("include", self.include)] if self.include else []
        asked = [("q", self.text), *self.filters, *included, ("format", form)]
        return f"/api/v1/search?{urlencode(asked)}"

    def _list_rest(self) -> list[tuple[str, str]]:
        """What is included, copies, order and page, where they are not those of a plain question."""
        rest = [("include", self.include)] if self.include else []
        rest += [("copies", self.copies)] if self.copies != Copies.EVERY else []
        rest += [("sort", self.sort)] if self.sort != Sort.RELEVANCE else []
        return [*rest, ("page", str(self.page))] if self.page > 1 else rest

    def locate_feed(self, form: str, since: datetime | None) -> str:
        """Address of the feed of ads that begin to answer after a moment: `feed.atom` or `feed.json`."""
        return f"/search/{form}?{self.encode_feed(write_time(since) if since else '')}"

    def encode_feed(self, since: str) -> str:
        """The question of a feed as the query of an address."""
        rest = [("include", self.include), ("since", since)]
        return urlencode([("q", self.text), *self.filters, *(one for one in rest if one[1])])

    def build_query(self, **of_page: object) -> AdQuery:
        """The question as engines take it; `of_page`: order, page and facets.

        Raises:
            QuestionError: if a part of it is not allowed.
        """
        filters = {name: _take_values(name, self.find_values(name)) for name, _ in self.filters}
        given = {"q": self.text, **filters, "include": self.include, **of_page}
        return read_question(SearchQuestion, given).build_query()

    @property
    def fixed(self) -> list[tuple[str, str]]:
        """Filters that the page offers no box for; the form carries them along."""
        offered = (*FACETS, *DAYS)
        return [
            (name, value)
            for name, value in self.filters
            if name not in offered and (name != "unknown" or value not in offered)
        ]

    @property
    def keeps_history(self) -> bool:
        """Whether the same can be asked as of an earlier time: copies are known only now."""
        return self.copies == Copies.EVERY and not self.find_values("copy_of")

    def find_values(self, name: str) -> list[str]:
        """The values asked of one filter."""
        return [value for given, value in self.filters if given == name]


@router.get("/search")
def show_results(request: Request, rooms: RoomsDep, moment: MomentOf) -> HTMLResponse:
    """Ads that answer a query."""
    asked = take_fields(request)
    try:
        answer, problem, status = search_ads(rooms, asked, moment), "", 200
    except (QuestionError, SearchUnavailableError) as error:
        answer, problem, status = None, tell_error(error), find_status(type(error))
    title = f"Ads with “{cut_echo(asked.text)}”" if asked.text else "All ads"
    page = PageHead(
        title=title,
        path=asked.path,
        section="/search",
        json=locate_data(asked, moment) if answer else None,
        rows=set_moment(asked.locate_rows("csv"), moment) if answer else None,
        keeps_history=asked.keeps_history,
        moment=moment,
    )
    with read(rooms.engine) as session:
        return render_page(
            rooms,
            session,
            page,
            "results.html",
            status=status,
            asked=asked,
            answer=answer,
            problem=problem,
            sorts=SORTS,
            ways=WAYS_TO_ASK,
            ways_to_fold=FOLDS,
            kinds=IN_WORDS,
            matched=MATCHED.get(answer.matched, "") if answer else "",
            facets=list_choices(asked, answer),
            scales=find_scales(answer.hits if answer else []),
            pages=-(-min(answer.hits_total, LAST_RESULT) // HITS_SHOWN) if answer else 0,
        )


def take_fields(request: Request) -> Asked:
    """What the address asks; an empty field asks nothing."""
    given = request.query_params
    number = given.get("page", "1")
    return Asked(
        # One character too many is refused as well, and the page repeats no more of it.
        text=given.get("q", "").strip()[: MOST_CHARACTERS + 1],
        filters=tuple(
            (name, value) for name, value in given.multi_items() if name in ALL_FILTERS and value
        ),
        sort=given.get("sort") or Sort.RELEVANCE,
        copies=given.get("copies") or Copies.EVERY,
        include=given.get("include", ""),
        page=int(number) if number.isascii() and number.isdigit() and len(number) < 7 else 1,
    )


def locate_data(asked: Asked, moment: Moment) -> str:
    """Address of the same answer in the API."""
    return set_moment(f"/api/v1/search?{asked.encode()}", moment)


def search_ads(rooms: Rooms, asked: Asked, moment: Moment) -> SearchPage:
    """The engine's answer now, or the archive's own at an earlier moment.

    Raises:
        QuestionError: if the question is not one the engine takes.
        SearchUnavailableError: if the engine does not answer.
    """
    query = asked.build_query(
        sort=asked.sort, copies=asked.copies, limit=HITS_SHOWN, page=asked.page, facet=FACETS
    )
    with read(rooms.engine) as session:
        return answer_query(
            session, rooms.search, query, moment, rooms.cover_sources, rooms.list_copy_faults
        )


def _take_values(name: str, values: list[str]) -> list[str] | str:
    if name in SEVERAL_VALUES:
        return values
    if len(values) > 1:
        raise QuestionError(name, f"the parameter {name!r} takes one value")
    return values[0]


def list_choices(asked: Asked, answer: SearchPage | None) -> dict[str, list[FacetChoice]]:
    """For each facet the values to tick: those asked for, then the commonest."""
    choices = {}
    for name in FACETS:
        found = answer.facets.get(name, {}) if answer else {}
        chosen = _list_chosen(asked, name, found)
        others = [value for value in found if value not in chosen]
        common = [*chosen, *others[:VALUES_SHOWN]]
        offered = [FacetChoice(v, found.get(v), v in chosen) for v in common]
        rare = others[VALUES_SHOWN : VALUES_SHOWN + MORE_VALUES]
        unknown = answer.facet_unknown.get(name, 0) if answer else None
        is_asked = name in asked.find_values("unknown")
        if unknown or is_asked:
            offered.append(FacetChoice(name, unknown, is_asked, is_unknown=True))
        offered += [FacetChoice(v, found[v], is_chosen=False, is_rare=True) for v in rare]
        choices[name] = offered
    return {name: values for name, values in choices.items() if values}


def _list_chosen(asked: Asked, name: str, found: Collection[str]) -> list[str]:
    """The values asked of a facet, names as they are commonly spelt."""
    chosen = asked.find_values(name)
    if name in NAME_FILTERS:
        spelled = {fold_name(value): value for value in found}
        chosen = [spelled.get(fold_name(value), value) for value in chosen]
    return list(dict.fromkeys(chosen))
