"""How lists leave: a page of items with the link to the next, or the same rows as CSV."""

from collections.abc import Sequence
from datetime import datetime
from enum import StrEnum
from typing import Annotated, Any, Generic, TypeVar

from fastapi import Query, Request, Response
from pydantic import BaseModel, Field
from sqlmodel import Session

from api.tables import write_csv
from archive.reading import Page, read_data_as_of
from archive.reading.as_of.moment import NOW, Moment
from archive.reading.views import AS_OF, DATA_AS_OF, VALID_AT
from config.site_root import lead_below

Item = TypeVar("Item", bound=BaseModel)


class Format(StrEnum):
    """How a list is written."""

    JSON = "json"
    CSV = "csv"


FormatOf = Annotated[Format, Query(alias="format", description="json, or csv for a spreadsheet.")]

CSV_TOO: dict[int | str, dict[str, Any]] = {
    200: {
        "description": "The answer.",
        "content": {"text/csv": {"schema": {"type": "string", "description": "The same rows."}}},
    }
}
"""What the description of an answer says when it can also be had as CSV."""


class Listing(BaseModel, Generic[Item]):
    """A page of a list."""

    items: list[Item] = Field(description="The items of this page.")
    next: str | None = Field(description="Link to the next page; empty: this is the last.")
    as_of: datetime | None = Field(description=AS_OF)
    valid_at: datetime | None = Field(description=VALID_AT)
    data_as_of: datetime | None = Field(description=DATA_AS_OF)


def answer_page(request: Request, page: Page[Item]) -> Listing[Item]:
    """A page of the archive as a page of the API."""
    return Listing(
        items=page.items,
        next=link_next(request, page.next_cursor),
        as_of=page.moment.as_of,
        valid_at=page.moment.valid_at,
        data_as_of=page.data_as_of,
    )


def answer_whole(session: Session, items: Sequence[Item], moment: Moment = NOW) -> Listing[Item]:
    """A list short enough to have one page only."""
    return Listing(
        items=list(items),
        next=None,
        as_of=moment.as_of,
        valid_at=moment.valid_at,
        data_as_of=read_data_as_of(session, moment.as_of),
    )


def answer_csv(
    model: type[BaseModel], items: Sequence[BaseModel], following: str | None = None
) -> Response:
    """Items as CSV, with the next page in the Link header (RFC 8288)."""
    headers = {"Link": f'<{following}>; rel="next"'} if following else {}
    return Response(write_csv(model, items), media_type="text/csv", headers=headers)


def link_next(request: Request, cursor: str | None) -> str | None:
    """Address of the next page within the site."""
    if cursor is None:
        return None
    url = request.url.include_query_params(cursor=cursor)
    return lead_below(f"{url.path}?{url.query}")
