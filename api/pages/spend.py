"""The page about money: a question that reads as a sentence, ranked lists, the sentence to print."""

from collections.abc import Mapping
from dataclasses import dataclass, replace
from urllib.parse import urlencode

from fastapi import APIRouter, Request
from fastapi.responses import HTMLResponse
from sqlmodel import Session

from api.dependencies import MomentOf, Rooms, RoomsDep
from api.pages.formatting import name_platform, plain_day
from api.pages.page_frame import write_moment
from api.pages.ranking import (
    CurrencyTable,
    Lead,
    make_tables,
    write_basis,
    write_rivals,
    write_sentence,
)
from api.pages.site import PageHead, render_page, set_moment
from api.pages.spend_links import locate_ads
from api.parameters import check_names, leave_tracking
from api.questions import SpendQuestion, read_question
from archive.errors import QuestionError
from archive.reading.as_of.moment import NOW, Moment, read_day
from archive.reading.coverage import CrawledDays
from archive.records import Grain
from archive.spending import (
    SpendBasis,
    SpendBy,
    SpendMeasure,
    SpendSummary,
)
from archive.spending.groups import name_country
from archive.spending.ranks import tell_place
from archive.spending.summary import tell_mean
from archive.store.database import read
from search.answering.found import search_now
from search.copies.consumer_position import read_last_move
from search.port import SearchUnavailableError
from search.question.query import build_query

router = APIRouter()

FIELDS = (
    "measure",
    "by",
    "source",
    "platform",
    "country",
    "currency",
    "advertiser_id",
    "payer",
    "payer_exact",
    "convert_to",
    "from",
    "to",
    "basis",
    "grain",
    "include",
)
OFFERED = ("platform", "country", "currency")
CONVERT_TO = ("EUR", "USD", "GBP")
"""Offered by name; the address takes every currency that has rates."""

MEASURES = {
    SpendMeasure.ADS: "added up over ads",
    SpendMeasure.REPORTED: "as the platform states for each advertiser",
    SpendMeasure.DISCLOSED: "as filed with an authority (all operating expenditures, not only ads)",
}
BYS = {
    SpendBy.PAYER: "Who paid most",
    SpendBy.PAYEE: "Who was paid most",
    SpendBy.PURPOSE: "How much was spent for each purpose",
    SpendBy.ADVERTISER: "Which advertiser spent most",
    SpendBy.PLATFORM: "How much went to each platform",
    SpendBy.COUNTRY: "How much was spent in each country",
    SpendBy.REGION: "How much was spent in each region",
    SpendBy.ELECTION: "How much was spent on each election named",
    SpendBy.MONTH: "How much was spent each month",
    SpendBy.WEEK: "How much was spent each week",
    SpendBy.DAY: "How much was spent each day",
}
LEADS = {
    SpendBy.PAYER: Lead("paid most", "may be who paid most"),
    SpendBy.PAYEE: Lead("was paid most", "may be who was paid most"),
    SpendBy.ADVERTISER: Lead("spent most", "may be who spent most"),
}
OTHER_LEAD = Lead("comes first", "may come first")
GRAINS = {
    "": "by whatever answers best",
    Grain.DAY: "by statements of days",
    Grain.WEEK: "by statements of weeks",
    Grain.WINDOW: "by statements of windows of days",
}
BASES = {
    "": "automatic",
    SpendBasis.LIFETIME: "whole lives of ads",
    SpendBasis.BOUNDS: "what the snapshots prove",
    SpendBasis.ESTIMATE: "an estimate, spread evenly",
}


GROUP_BYTES = 4096
"""What a group takes in memory, at most about."""

INCLUDED = "the ads that nobody called political"


@dataclass(frozen=True)
class SpendAsked:
    """What a reader asked, field by field, as the address holds it, and about which moment."""

    given: Mapping[str, str]
    moment: Moment
    source_title: str = ""
    """Of the only source asked about, once an answer names it."""

    @property
    def encoded(self) -> str:
        """The question as the query of an address."""
        return urlencode({name: value for name, value in self.given.items() if value})

    def with_days(self, summary: SpendSummary) -> "SpendAsked":
        """The same with the days that the answer is about, and what its source is called."""
        days = {"from": summary.from_on, "to": summary.to_on}
        told = {name: day.isoformat() for name, day in days.items() if day is not None}
        titles = {one.source: one.title for one in summary.rests_on}
        title = titles.get(self.given["source"], "")
        return replace(self, given={**self.given, **told}, source_title=title)

    @property
    def lead(self) -> Lead:
        """What the first of a ranking did."""
        return LEADS.get(SpendBy(self.given["by"]), OTHER_LEAD)

    @property
    def about(self) -> str:
        """Platform, place and time asked about, as the end of a sentence."""
        words = [
            f"on {name_platform(self.given['platform'])}" if self.given["platform"] else "",
            f"in {name_country(self.given['country'])}" if self.given["country"] else "",
            f"by {self.given['payer']}" if self.given["payer"] else "",
            f"from {self.given['advertiser_id']}" if self.given["advertiser_id"] else "",
            f"in {self.source_title or self.given['source']}" if self.given["source"] else "",
            _write_period(self.given["from"], self.given["to"]),
        ]
        asked = " ".join(word for word in words if word) or "in all that this archive holds"
        if self.given["measure"] == SpendMeasure.DISCLOSED:
            return f"{asked}, of all operating expenditures filed, not only ads"
        is_wider = self.given["include"] and self.given["measure"] == SpendMeasure.ADS
        return f"{asked}, with {INCLUDED}" if is_wider else asked


@router.get("/spend")
def show_spend(request: Request, rooms: RoomsDep, moment: MomentOf) -> HTMLResponse:
    """Who spent how much, with honest bounds."""
    question = _take_fields(request, moment)
    with read(rooms.engine) as session:
        shown: ShownSpend | None = None
        problem = ""
        try:
            check_names(leave_tracking(request.query_params), (*FIELDS, *write_moment(NOW)))
            query = read_question(SpendQuestion, question.given).build_query(
                session, moment, rooms.now().date()
            )
            shown = rooms.keep_spending(
                session,
                (query, question.encoded),
                lambda: _show_summary(rooms.answer_spending(session, query), question),
                ShownSpend.weigh,
            )
            question = question.with_days(shown.summary)
        except QuestionError as error:
            problem = str(error)
        page = PageHead(
            title="Who is paying?",
            path=f"/spend?{question.encoded}",
            section="/spend",
            json=_locate_data(question) if shown else None,
            keeps_history=True,
            moment=question.moment,
        )
        return render_page(
            rooms,
            session,
            page,
            "spend.html",
            status=400 if problem else 200,
            question=question,
            problem=problem,
            summary=shown and shown.summary,
            tables=shown.tables if shown else [],
            found=shown.found if shown else {},
            looked_at=shown.looked_at if shown else [],
            offered=offer_values(rooms, session, question),
            convert_to=_offer_conversions(question.given["convert_to"]),
            measures=MEASURES,
            bys=BYS,
            bases=BASES,
            grains=GRAINS,
            tell_place=tell_place,
            tell_mean=tell_mean,
            write_rivals=write_rivals,
        )


def _offer_conversions(asked: str) -> dict[str, str]:
    """The currencies to convert to, and the words for each; the one asked for is among them."""
    codes = dict.fromkeys([*CONVERT_TO, asked] if asked else CONVERT_TO)
    return {"": "as it is"} | {code: f"converted to {code}" for code in codes}


@dataclass(frozen=True)
class ShownTable:
    """A table, and the sentence to print."""

    table: CurrencyTable
    sentence: str


@dataclass(frozen=True)
class ShownSpend:
    """What the page shows of an answer, which may have very many groups."""

    summary: SpendSummary
    """Without its groups."""
    tables: list[ShownTable]
    looked_at: list[CrawledDays]
    found: dict[tuple[str, str | None], str]
    """By key and currency, the search that finds the ads of a group shown."""

    def weigh(self) -> int:
        """Bytes, about."""
        return GROUP_BYTES * (1 + sum(len(shown.table.groups) for shown in self.tables))


def _show_summary(summary: SpendSummary, asked: SpendAsked) -> ShownSpend:
    question = asked.with_days(summary)
    basis = write_basis(
        summary, is_named=bool(question.given["platform"] or question.given["source"])
    )
    waiting = "; ".join(o.quarantined_in_words for o in summary.rests_on if o.quarantined_in_words)
    note = f" Not counted: {waiting}." if waiting else ""
    tables = [_show_table(table, question, basis, note) for table in make_tables(summary)]
    listed = [group for shown in tables for group in shown.table.groups]
    found = locate_ads(summary, listed, question.given)
    kept = summary.model_copy(update={"groups": []})
    return ShownSpend(kept, tables, summary.looked_at, found)


def _show_table(table: CurrencyTable, question: SpendAsked, basis: str, note: str) -> ShownTable:
    sentence = write_sentence(table, question.lead, question.about + basis) + note
    if table.converted_from:
        sentence += f" Converted from {', '.join(table.converted_from)} by this archive."
    if missed := table.not_in_newest:
        is_filed = question.given["measure"] == SpendMeasure.DISCLOSED
        what = "payment" if is_filed else "statement"
        are = f"{what} is" if missed == 1 else f"{what}s are"
        sentence += f" {missed:,} {are} not in the newest file."
    return ShownTable(table, sentence)


def _locate_data(question: SpendAsked) -> str:
    return set_moment(f"/api/v1/spend?{question.encoded}", question.moment)


def _take_fields(request: Request, moment: Moment) -> SpendAsked:
    """What the address asks; the page without a question asks who paid most."""
    given = {name: request.query_params.get(name, "").strip() for name in FIELDS}
    return SpendAsked(
        given
        | {
            "measure": given["measure"] or SpendMeasure.ADS.value,
            "by": given["by"] or SpendBy.PAYER.value,
        },
        moment,
    )


def offer_values(rooms: Rooms, session: Session, question: SpendAsked) -> dict[str, list[str]]:
    """For each field with a list, the values ads have, commonest first, and the one asked for."""
    try:
        found = rooms.keep(
            session,
            ("offered values", read_last_move(session, rooms.search)),
            lambda: search_now(session, rooms.search, build_query(limit=1, facets=OFFERED)).facets,
            lambda facets: GROUP_BYTES * len(facets),
        )
    except SearchUnavailableError:
        found = {}
    asked = {name: [question.given[name]] if question.given[name] else [] for name in OFFERED}
    return {name: list(dict.fromkeys([*asked[name], *found.get(name, {})])) for name in OFFERED}


def _write_period(first: str, last: str) -> str:
    days = [plain_day(read_day(day)) for day in (first, last) if day]
    return f"from {days[0]} to {days[1]}" if len(days) == 2 else ""
