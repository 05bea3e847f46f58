"""Downloads: whole lists without a cap, as CSV, JSON Lines or Parquet, of one moment each."""

from collections.abc import Sequence
from typing import Annotated, Any, Literal

from fastapi import APIRouter, Path, Query, Request, Response
from pydantic import BaseModel, Field

from api.dependencies import MomentOf, Reading, get_rooms
from api.parameters import Country, Currency, SourceOf
from api.questions import AdQuestion, Day, PayeeOf
from api.sending import MEDIA_TYPES, send_rows
from archive.exports.downloads import (
    AdvertiserSpendFilter,
    Form,
    Wanted,
    What,
    list_columns,
    write_stream,
)
from archive.reading.as_of.moment import Moment
from archive.reading.disclosures import DisclosureFilter
from archive.records import Grain
from config.site_root import SitePath

router = APIRouter(prefix="/downloads", tags=["downloads"])

CELLS = (
    "CSV is that of RFC 4180: a header, then the rows. An apostrophe stands where a spreadsheet would run "
    "a text (= + - @, also full-width or behind spaces and characters of no width: at its start, after a "
    "line end, tab or `;` within it; tab, line end or NUL first) or spoil it as a number (12 digits and "
    "more, leading zeros, 1E5). Take away one apostrophe at each such place to have the text again. "
    "Numbers are bare; lists are JSON. JSON Lines and Parquet have every text as it is. The same address "
    "that ends in `.meta` tells how many rows there are, of what moment, and where to go on (`next_after`); "
    "each file has a link to it as of its own moment (`Link`, `describedby`)."
)
"""What every download's description says about its cells."""

WHOLE_LIST: dict[int | str, dict[str, Any]] = {
    200: {
        "description": f"Rows in the order in which the archive learned of them. {CELLS}",
        "content": {name: {"schema": {"type": "string"}} for name in MEDIA_TYPES.values()},
    }
}

FormOf = Annotated[
    Form, Path(description="csv, jsonl (JSON Lines), parquet; or meta: what is known of the rows.")
]
After = Annotated[
    str | None, Query(description="Go on after this row: the `cursor` of a row of the same list.")
]
Excel = Annotated[
    bool,
    Query(
        description="Only of CSV: as spreadsheets open it, with amounts in units of their currency."
    ),
]
FromOn = Annotated[Day | None, Query(alias="from", description="Only of this day or later.")]
ToOn = Annotated[Day | None, Query(alias="to", description="Only of this day or before.")]
OfAds = Literal[What.ADS, What.VERSIONS, What.METRICS, What.DELIVERY, What.TARGETING]


class ColumnView(BaseModel):
    """A column of a download."""

    name: str = Field(description="Name of the column.")
    kind: str = Field(
        description="str, int, float, bool, datetime, date, or list: JSON, in CSV and Parquet as text."
    )
    description: str = Field(description="What it holds.")


class DownloadView(BaseModel):
    """A list that can be had whole."""

    what: What = Field(description="Name of the list.")
    paths: list[SitePath] = Field(description="Where it is, one address for each form.")
    columns: list[ColumnView] = Field(description="Its columns, in their order.")


@router.get("")
def get_downloads() -> list[DownloadView]:
    """What can be downloaded whole, and what its columns mean."""
    return [
        DownloadView(
            what=what,
            paths=[f"/api/v1/downloads/{what}.{form}" for form in Form],
            columns=_show_columns(what),
        )
        for what in What
    ]


@router.get("/advertiser_spend.{form}", response_class=Response, responses=WHOLE_LIST)
def download_advertiser_spend(
    request: Request,
    form: FormOf,
    moment: MomentOf,
    source: SourceOf,
    platform: Annotated[str | None, Query(description="Only this platform.")] = None,
    country: Annotated[Country | None, Query(description="Only statements about it.")] = None,
    currency: Annotated[Currency | None, Query(description="Only this currency.")] = None,
    advertiser_id: Annotated[str | None, Query(description="Only this advertiser.")] = None,
    grain: Annotated[Grain | None, Query(description=f"One of: {', '.join(Grain)}.")] = None,
    from_on: FromOn = None,
    to_on: ToOn = None,
    is_current: Annotated[
        bool | None, Query(description="true: only the newest observation of each series.")
    ] = None,
    after: After = None,
    excel: Excel = False,
) -> Response:
    """What sources state that advertisers spent: every observation, superseded ones too."""
    wanted = AdvertiserSpendFilter(
        source, platform, country, currency, advertiser_id, grain, from_on, to_on, is_current
    )
    return _send(request, What.ADVERTISER_SPEND, form, wanted, after, moment, excel=excel)


@router.get("/disclosures.{form}", response_class=Response, responses=WHOLE_LIST)
def download_disclosures(
    request: Request,
    form: FormOf,
    moment: MomentOf,
    source: SourceOf,
    payee: PayeeOf,
    committee_ref: Annotated[str | None, Query(description="Only this filer.")] = None,
    from_on: FromOn = None,
    to_on: ToOn = None,
    after: After = None,
    excel: Excel = False,
) -> Response:
    """Disclosed expenditures, as last disclosed."""
    wanted = DisclosureFilter(source, committee_ref, payee, from_on, to_on)
    return _send(request, What.DISCLOSURES, form, wanted, after, moment, excel=excel)


@router.get("/{what}.{form}", response_class=Response, responses=WHOLE_LIST)
def download_ads(
    request: Request,
    what: Annotated[
        OfAds,
        Path(
            description="ads; versions and metrics: every one of these ads; delivery and targeting: "
            "a row for each group of people who saw them, and for each audience aimed at or kept out."
        ),
    ],
    form: FormOf,
    moment: MomentOf,
    session: Reading,
    asked: Annotated[AdQuestion, Query()],
    after: After = None,
    excel: Excel = False,
) -> Response:
    """Ads, or what hangs on them, for the ads that a filter leaves as they are now."""
    filtered = asked.build_filter(session)
    return _send(request, what, form, filtered, after, moment, excel=excel)


def _send(
    request: Request,
    what: What,
    form: Form,
    wanted: Wanted,
    after: str | None,
    moment: Moment,
    *,
    excel: bool,
) -> Response:
    rooms = get_rooms(request)
    known_at = moment.as_of or rooms.now()
    parts = write_stream(rooms.engine, what, form, wanted, after, moment, for_spreadsheets=excel)
    beside = request.url.replace(path=request.url.path.removesuffix(form) + Form.SIDECAR)
    return send_rows(parts, form, str(what), known_at, beside, excel=excel)


def _show_columns(what: What) -> Sequence[ColumnView]:
    return [
        ColumnView(name=c.name, kind=c.kind.__name__, description=c.description)
        for c in list_columns(what)
    ]
