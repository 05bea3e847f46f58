"""How lists leave: a page of items with the link to the next, or the same rows as CSV."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from typing import Annotated, Any, Generic, TypeVar

from fastapi import Depends, Query, Request, Response
from fastapi.responses import JSONResponse
from pydantic import BaseModel, Field
from sqlmodel import Session

from api.tables import write_csv
from archive.errors import QuestionError, cut_echo
from archive.reading import Page, read_data_as_of
from archive.reading.as_of.moment import NOW, Moment
from archive.reading.views import AS_OF, DATA_AS_OF, VALID_AT
from config.faults import ask_nearest
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
    total: int | None = Field(
        description="Items of the whole list, where `total=true` asks for it; empty: not asked, or as of a "
        "time, of which nobody counts it."
    )
    as_of: datetime | None = Field(description=AS_OF)
    valid_at: datetime | None = Field(description=VALID_AT)
    data_as_of: datetime | None = Field(description=DATA_AS_OF)


def answer_page(request: Request, page: Page[Item], *, is_counted: bool = False) -> Listing[Item]:
    """A page of the archive as a page of the API."""
    return Listing(
        items=page.items,
        next=link_next(request, page.next_cursor),
        total=page.count() if page.count and is_counted else None,
        as_of=page.moment.as_of,
        valid_at=page.moment.valid_at,
        data_as_of=page.data_as_of,
    )


def answer_whole(session: Session, items: Sequence[Item], moment: Moment = NOW) -> Listing[Item]:
    """A list short enough to have one page only."""
    return Listing(
        items=list(items),
        next=None,
        total=len(items),
        as_of=moment.as_of,
        valid_at=moment.valid_at,
        data_as_of=read_data_as_of(session, moment.as_of),
    )


@dataclass(frozen=True)
class Shape:
    """How a list is written: as JSON or CSV, and which fields of its items."""

    request: Request
    format: Format
    fields: tuple[str, ...]
    """None: all of them."""
    is_counted: bool
    """Whether a page says how many items the whole list has."""

    def answer_page(self, model: type[Item], page: Page[Item]) -> Listing[Item] | Response:
        """A page of the archive; as CSV with the next one in the Link header (RFC 8288).

        Raises:
            QuestionError: if items have no such field.
        """
        if self.format is Format.CSV:
            following = link_next(self.request, page.next_cursor)
            return answer_csv(model, page.items, following, self._choose(model))
        return self._cut(model, answer_page(self.request, page, is_counted=self.is_counted))

    def answer_whole(
        self, session: Session, model: type[Item], items: Sequence[Item], moment: Moment = NOW
    ) -> Listing[Item] | Response:
        """A list short enough to have one page only.

        Raises:
            QuestionError: if items have no such field.
        """
        if self.format is Format.CSV:
            return answer_csv(model, items, fields=self._choose(model))
        return self._cut(model, answer_whole(session, items, moment))

    def _cut(self, model: type[Item], listing: Listing[Item]) -> Listing[Item] | Response:
        if not self.fields:
            return listing
        chosen = self._choose(model)
        dumped = (one.model_dump(mode="json", include={*chosen}) for one in listing.items)
        items = [{name: one[name] for name in chosen} for one in dumped]
        return JSONResponse({"items": items} | listing.model_dump(mode="json", exclude={"items"}))

    def _choose(self, model: type[Item]) -> tuple[str, ...]:
        known = tuple(model.model_fields)
        for name in self.fields:
            if name not in known:
                asked = ask_nearest(name[:60], known)
                raise QuestionError("fields", f"there is no field {cut_echo(name)!r}{asked}")
        return self.fields or known


def _read_shape(
    request: Request,
    shape: FormatOf = Format.JSON,
    fields: Annotated[
        str | None,
        Query(
            description="Only these fields of each item, parted by commas; without it all of them.",
            examples=["source,state"],
        ),
    ] = None,
    total: Annotated[
        bool,
        Query(description="true: count the whole list too, which takes as long as reading it."),
    ] = False,
) -> Shape:
    named = [name.strip() for name in (fields or "").split(",")]
    return Shape(request, shape, tuple(name for name in named if name), is_counted=total)


ShapeOf = Annotated[Shape, Depends(_read_shape)]


def answer_csv(
    model: type[BaseModel],
    items: Sequence[BaseModel],
    following: str | None = None,
    fields: Sequence[str] = (),
) -> Response:
    """Items as CSV, with the next page in the Link header (RFC 8288); without `fields` all of them."""
    headers = {"Link": f'<{following}>; rel="next"'} if following else {}
    table = write_csv(items, fields or tuple(model.model_fields))
    return Response(table, media_type="text/csv", headers=headers)


def link_next(request: Request, cursor: str | None) -> str | None:
    """Address of the next page within the site."""
    if cursor is None:
        return None
    url = request.url.include_query_params(cursor=cursor)
    return lead_below(f"{url.path}?{url.query}")
