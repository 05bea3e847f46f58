"""Search: a page of hits with facets and totals from the engine, or all that answers as a file."""

from dataclasses import replace
from enum import StrEnum
from typing import Annotated, Any

from fastapi import APIRouter, Query, Request, Response
from sqlmodel import Session

from api.dependencies import MomentOf, Reading, Rooms, RoomsDep
from api.questions import SearchBody, SearchQuestion
from api.sending import MEDIA_TYPES, send_rows
from archive.errors import QuestionError
from archive.exports.downloads import Form, write_rows
from archive.reading.as_of.moment import Moment, read_moment
from search.answering.answers import answer_query
from search.hits import SearchPage
from search.question.query import AdQuery
from search.result_sets.asked import AskedSet, Sample
from search.result_sets.rows import stream_result_set

router = APIRouter(tags=["search"])


class SearchForm(StrEnum):
    """How an answer is written."""

    JSON = "json"
    CSV = Form.CSV
    JSON_LINES = Form.JSON_LINES
    PARQUET = Form.PARQUET
    SIDECAR = Form.SIDECAR


ROWS_TOO: dict[int | str, dict[str, Any]] = {
    200: {
        "description": "The answer.",
        "content": {
            MEDIA_TYPES[form]: {"schema": {"type": "string", "description": "All rows."}}
            for form in (Form.CSV, Form.JSON_LINES, Form.PARQUET)
        },
    }
}
"""What the description of an answer says when all its rows can also be had."""

OF_A_PAGE = ("limit", "page", "sort", "facet", "facet_start", "copies")
"""Parameters that rows do without."""

OF_ROWS = ("sample", "seed", "excel")


@router.get("/search", response_model=SearchPage, responses=ROWS_TOO)
def search_ads(
    request: Request,
    rooms: RoomsDep,
    session: Reading,
    moment: MomentOf,
    asked: Annotated[SearchQuestion, Query()],
    shape: Annotated[
        SearchForm,
        Query(
            alias="format",
            description="json: one page. csv, jsonl or parquet: all rows, newest first, as of the time in "
            "the file's name, with the columns of the ads download and `matched_fields`; meta: how many "
            "they are, the SHA-256 of their ids, the question.",
        ),
    ] = SearchForm.JSON,
    sample: Annotated[
        int | None, Query(ge=1, description="Of all rows only so many, drawn alike for everybody.")
    ] = None,
    seed: Annotated[str, Query(max_length=100, description="Of the sample.")] = "1",
    excel: Annotated[bool, Query(description="Of CSV: as spreadsheets open it.")] = False,
) -> Response:
    """Ads by their words, best first, with the counts of the facets asked for; or all of them as a file.

    At an earlier moment whole words only, newest start first.
    """
    query = asked.build_query()
    _check_beside(request, shape)
    if shape is not SearchForm.JSON:
        drawn = Sample(sample, seed) if sample else None
        licence = rooms.settings.data_licence
        whole = AskedSet(asked.q, asked.list_filters(), asked.include, drawn, licence)
        return _send_rows(request, rooms, query, moment, whole, Form(shape), excel=excel)
    found = _answer(rooms, session, query, moment)
    # The engine's own answer may be another, and no number tells when it is back.
    headers = {"Cache-Control": "no-store"} if found.engine_away else {}
    # As FastAPI would write it, which checks and copies each hit once more first.
    return Response(found.model_dump_json(), headers=headers, media_type="application/json")


@router.post("/search")
def search_ads_at_length(rooms: RoomsDep, session: Reading, asked: SearchBody) -> SearchPage:
    """The same for questions that are too long for an address, with the same names; it stores nothing."""
    moment = read_moment(asked.as_of, asked.valid_at, rooms.now())
    return _answer(rooms, session, asked.build_query(), moment)


def _answer(rooms: Rooms, session: Session, query: AdQuery, moment: Moment) -> SearchPage:
    return answer_query(
        session, rooms.search, query, moment, rooms.cover_sources, rooms.list_copy_faults
    )


def _check_beside(request: Request, shape: SearchForm) -> None:
    """See to it that what is asked of a page is not asked of rows, nor the other way round."""
    is_page = shape is SearchForm.JSON
    for name in OF_ROWS if is_page else OF_A_PAGE:
        if name in request.query_params:
            why = "needs all rows: format=csv, jsonl, parquet or meta"
            beside = why if is_page else f"is of a page; format={shape} has all rows, newest first"
            raise QuestionError(name, f"the parameter {name!r} {beside}")


def _send_rows(
    request: Request,
    rooms: Rooms,
    query: AdQuery,
    moment: Moment,
    asked: AskedSet,
    form: Form,
    *,
    excel: bool,
) -> Response:
    known_at = moment.as_of or rooms.now()
    pinned = replace(moment, as_of=known_at)
    stream = stream_result_set(rooms.engine, rooms.search, query, pinned, asked)
    beside = request.url.include_query_params(format=Form.SIDECAR.value)
    parts = write_rows(stream, form, for_spreadsheets=excel)
    return send_rows(parts, form, "search", known_at, beside, excel=excel)
