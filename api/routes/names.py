"""Names: who is named as advertiser, payer, sponsor, payee or committee, in ads, statements and filings."""

from typing import Annotated

from fastapi import APIRouter, Path, Query, Response

from api.dependencies import Cursor, Limit, Reading
from api.listings import (
    CSV_TOO,
    Format,
    FormatOf,
    Listing,
    ShapeOf,
    answer_csv,
)
from archive.models import NameKind
from archive.names.bearers import NameDetail, read_name_detail
from archive.names.reading import NameItem, list_names
from search.answering.names import read_listed

router = APIRouter(prefix="/names", tags=["names"])


@router.get("", response_model=Listing[NameItem], responses=CSV_TOO)
def get_names(
    session: Reading,
    shape: ShapeOf,
    q: Annotated[
        str, Query(description='Words that all stand in the name, "phrases", word*, a OR b, -word.')
    ] = "",
    kind: Annotated[NameKind | None, Query(description="Only names of this kind.")] = None,
    cursor: Cursor = None,
    limit: Limit = 50,
) -> Listing[NameItem] | Response:
    """Names in the order of their keys, as they are borne now."""
    page = list_names(session, read_listed(q, kind), cursor, limit)
    return shape.answer_page(NameItem, page)


@router.get("/{kind}/{key:path}", response_model=NameDetail, responses=CSV_TOO)
def get_name(
    session: Reading,
    kind: Annotated[NameKind, Path(description="As what somebody is named.")],
    key: Annotated[str, Path(description="Its key, or the last part of its page's address.")],
    shape: FormatOf = Format.JSON,
) -> NameDetail | Response:
    """One name with its spellings and who bears it; as CSV one row."""
    name = read_name_detail(session, kind, key)
    return answer_csv(NameDetail, [name]) if shape is Format.CSV else name
