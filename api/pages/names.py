"""The pages of names: a list to look through, and each name with all that bears it, and its feeds."""

from collections.abc import Callable, Mapping
from dataclasses import replace
from typing import Any, NamedTuple
from urllib.parse import urlencode

from fastapi import APIRouter
from fastapi.responses import HTMLResponse
from sqlmodel import Session

from api.dependencies import Rooms, RoomsDep
from api.errors import find_status, tell_error
from api.feeds import FeedEntry, PageFeed
from api.pages.feed_routes import serve_feed
from api.pages.page_frame import set_query
from api.pages.range_bar import find_scales
from api.pages.site import PageHead, id_path, render_page
from archive.errors import QuestionError
from archive.models import AdvertiserSpend, NameKind
from archive.names.bearers import (
    NameDetail,
    list_named_ads,
    list_named_filings,
    list_named_statements,
    read_name_detail,
)
from archive.names.reading import NameItem, list_names, read_name
from archive.reading import Page, list_sources, read_data_as_of
from archive.reading.views import AdItem, DisclosureView
from archive.records.money import format_bounds
from archive.spending import SpendMeasure, SpendQuery, SpendSummary, bound_statement
from archive.store.database import read
from search.answering.names import read_listed
from search.question.filters import NAME_FILTERS

router = APIRouter()

PATH = "/names"
NAMES_SHOWN, ROWS_SHOWN, ENTRIES_SHOWN = 50, 20, 30
SUMS_SHOWN, TITLE_CHARACTERS = 5, 120
LISTS: Mapping[str, Callable[[Session, NameItem, str | None, int], Page[Any]]] = {
    "ads": list_named_ads,
    "statements": list_named_statements,
    "filings": list_named_filings,
}

MEASURES = {
    NameKind.ADVERTISER: (SpendMeasure.ADS, SpendMeasure.REPORTED),
    NameKind.PAYER: (SpendMeasure.ADS, SpendMeasure.REPORTED),
    NameKind.COMMITTEE: (SpendMeasure.DISCLOSED,),
}
"""What is added up for those who bear a name of each kind; never to each other."""


IN_WORDS = {
    NameKind.ADVERTISER: "runs ads",
    NameKind.PAYER: "pays for ads",
    NameKind.SPONSOR: "stands behind ads",
    NameKind.PAYEE: "was paid, as filed",
    NameKind.COMMITTEE: "registered committee",
}
"""What each kind of name says of who bears it."""


class NameSum(NamedTuple):
    """What one of those who bear a name spent."""

    who: str
    measure: SpendMeasure
    answer: SpendSummary


@router.get(PATH)
def show_names(
    rooms: RoomsDep, q: str = "", kind: str = "", cursor: str | None = None
) -> HTMLResponse:
    """Names in the order of the alphabet, those with some words or of one kind if asked."""
    chosen = next((one for one in NameKind if one == kind), None)
    asked = {"q": q or None, "kind": chosen}
    names, problem, status = None, "", 200
    with read(rooms.engine) as session:
        try:
            names = list_names(session, read_listed(q, chosen), cursor, NAMES_SHOWN)
        except QuestionError as error:
            problem, status = tell_error(error), find_status(type(error))
        data = set_query("/api/v1/names", **asked, cursor=cursor, limit=NAMES_SHOWN)
        page = PageHead(
            title="Names",
            path=set_query(PATH, **asked),
            section="/search",
            json=data if names else None,
        )
        return render_page(
            rooms,
            session,
            page,
            "names.html",
            status=status,
            names=names,
            problem=problem,
            q=q,
            kind=chosen,
            kinds=IN_WORDS,
            is_later=cursor is not None,
        )


def _make_feed(rooms: RoomsDep, kind: str, key: str) -> PageFeed:
    with read(rooms.engine) as session:
        name = read_name(session, kind, key)
        ads = list_named_ads(session, name, limit=ENTRIES_SHOWN).items
        stated = list_named_statements(session, name, limit=ENTRIES_SHOWN).items
        filed = list_named_filings(session, name, limit=ENTRIES_SHOWN).items
        entries = [
            *map(_tell_ad, ads),
            *(_tell_statement(name.path, one) for one in stated),
            *(_tell_filing(name.path, one) for one in filed),
        ]
        data_as_of = read_data_as_of(session)
    return PageFeed(
        title=f"{name.name}: what it runs, pays and files",
        path=name.path,
        author=rooms.settings.operator_name,
        public_url=rooms.settings.public_url,
        entries=sorted(entries, key=lambda one: one.updated_at, reverse=True)[:ENTRIES_SHOWN],
        data_as_of=data_as_of,
    )


# Before the page: a key may hold a slash.
serve_feed(router, f"{PATH}/{{kind}}/{{key:path}}", _make_feed)


@router.get("/names/{kind}/{key:path}")
def show_name(
    rooms: RoomsDep, kind: str, key: str, rows: str = "", cursor: str | None = None
) -> HTMLResponse:
    """One name: what it ran, paid and filed; `rows` says which of the lists the cursor goes on in."""
    with read(rooms.engine) as session:
        name = read_name_detail(session, kind, key)
        lists = {
            what: list_rows(session, name, cursor if what == rows else None, ROWS_SHOWN)
            for what, list_rows in LISTS.items()
        }
        page = PageHead(
            title=name.name, path=name.path, section="/search", json=f"/api/v1{name.path}"
        )
        return render_page(
            rooms,
            session,
            page,
            "name.html",
            name=name,
            kinds=IN_WORDS,
            lists=lists,
            later=rows if cursor else "",
            search_path=locate_ads(name),
            sums=_sum_up(rooms, session, name),
            bound_statement=bound_statement,
            scales=find_scales(lists["ads"].items),
            titles={source.id: source.title for source in list_sources(session)},
        )


def locate_ads(name: NameDetail) -> str | None:
    """The search for the ads of a name; it finds those too that bore it in an earlier version."""
    if name.kind not in NAME_FILTERS or not name.ads:
        return None
    return f"/search?{urlencode([(name.kind.value, name.name)])}"


def _sum_up(rooms: Rooms, session: Session, name: NameDetail) -> list[NameSum]:
    """What the first of those who bear a name spent: each apart, and by each measure that tells of it."""
    asked = [(who.id, SpendQuery(advertiser_id=who.id)) for who in name.advertisers]
    if name.kind in (NameKind.PAYER, NameKind.COMMITTEE):
        spelt = [one.spelling for one in name.spellings]
        asked = [(one, SpendQuery(payer=(one,))) for one in spelt]
    told = []
    for who, query in asked[:SUMS_SHOWN]:
        for measure in MEASURES.get(name.kind, ()):
            answer = rooms.answer_spending(session, replace(query, measure=measure))
            told += [NameSum(who, measure, answer)] if answer.groups else []
    return told


def _tell_ad(ad: AdItem) -> FeedEntry:
    shown = dict(ad)
    text = " ".join(shown["text"].split())
    return FeedEntry(
        id=f"ad/{ad.id}",
        title=f"An ad: {text[:TITLE_CHARACTERS]}" if text else "An ad without words kept here",
        path=id_path(ad.id),
        updated_at=shown["first_seen_at"],
        summary=text,
    )


def _tell_statement(path: str, stated: AdvertiserSpend) -> FeedEntry:
    money = format_bounds(*bound_statement(stated)[:2], stated.currency)
    days = f", {stated.period_start_on} to {stated.period_end_on}" if stated.period_end_on else ""
    about = f"{stated.advertiser_name or 'somebody'}, {money}{days}"
    return FeedEntry(
        id=f"statement/{stated.id}",
        title=f"{stated.source} states: {about}",
        path=f"{path}?rows=statements",
        updated_at=stated.recorded_at,
        summary=f"{about}; {stated.dataset}",
    )


def _tell_filing(path: str, filed: DisclosureView) -> FeedEntry:
    money = format_bounds(filed.amount_minor, filed.amount_minor, filed.currency)
    payer = filed.committee_name or filed.payer_name or filed.committee_ref
    about = f"{payer} paid {filed.payee_name or 'somebody not named'} {money}"
    return FeedEntry(
        id=f"disclosure/{filed.id}",
        title=f"{about}{f' on {filed.spent_on}' if filed.spent_on else ''}",
        path=f"{path}?rows=filings",
        updated_at=filed.recorded_at,
        summary=f"{about}; {filed.purpose or 'no purpose given'}",
    )
