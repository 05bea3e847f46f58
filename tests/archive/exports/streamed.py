"""Every kind of rows, and short ways to read whole lists of them back."""

import json
from collections.abc import Callable
from typing import Any

from sqlalchemy import Engine

from archive.exports.downloads import AdvertiserSpendFilter, Form, Wanted, What, write_stream
from archive.reading import AdFilter
from archive.reading.disclosures import DisclosureFilter
from archive.records import (
    AdRecord,
    AdvertiserSpendRecord,
    AnyRecord,
    CommitteeRecord,
    DisclosureRecord,
    Grain,
)
from tests.archive.moments import day

Row = dict[str, Any]

EVERYTHING: dict[What, Wanted] = {what: AdFilter() for what in What} | {
    What.ADVERTISER_SPEND: AdvertiserSpendFilter(),
    What.DISCLOSURES: DisclosureFilter(),
}


def write_whole(engine: Engine, what: What, form: Form, wanted: Wanted | None = None) -> bytes:
    return b"".join(write_stream(engine, what, form, wanted or EVERYTHING[what]))


def read_lines(data: bytes) -> list[Row]:
    """The rows of JSON Lines."""
    return [json.loads(line) for line in data.decode().split("\n")[:-1]]


def read_sidecar(
    engine: Engine, what: What, wanted: Wanted | None = None, after: str | None = None
) -> Row:
    """What stands beside a list."""
    parts = write_stream(engine, what, Form.SIDECAR, wanted or EVERYTHING[what], after)
    return json.loads(b"".join(parts))


def fetch_rows(
    engine: Engine, what: What, wanted: Wanted | None = None, after: str | None = None
) -> list[Row]:
    """Every row of a list, as its sidecar says."""
    parts = write_stream(engine, what, Form.JSON_LINES, wanted or EVERYTHING[what], after)
    rows = read_lines(b"".join(parts))
    beside = read_sidecar(engine, what, wanted, after)
    assert beside["rows"] == len(rows)
    assert beside["next_after"] == (rows[-1]["cursor"] if rows else after)
    return rows


def invent_records(make_ad: Callable[..., AdRecord]) -> list[AnyRecord]:
    """Ads, statements and filings that differ in every way a filter asks for."""
    ads = [
        make_ad(
            f"a{number}",
            platform=("harbour", "meadow")[number % 2],
            countries=[["GR"], ["GR", "US"], []][number % 3],
            currency=("EUR", "USD", None)[number % 3],
            payer_name=("Old Mill", None)[number % 2],
            advertiser_ref=f"page-{number % 5}",
            delivery=[
                {"by": "region", "region": f"R{cell}", "share": 0.5} for cell in range(number % 4)
            ],
            targeting=[{"dimension": "age", "mode": "exclude", "text": "13-17"}] * (number % 2),
        )
        for number in range(30)
    ]
    statements = [
        AdvertiserSpendRecord(
            dataset="weekly",
            platform="harbour",
            grain=(Grain.WEEK, Grain.LIFETIME)[number % 2],
            period_start_on=day(number).date(),
            advertiser_ref=f"page-{number % 3}",
            countries=[["GR"], ["US"]][number % 2],
            currency=("EUR", "USD")[number % 2],
            spend_lower_minor=number,
            spend_upper_minor=number,
        )
        for number in range(9)
    ]
    filed = [
        DisclosureRecord(
            ref=f"{number:012}",
            committee_ref=f"C{number % 2}",
            payee_name=("Harbour Ads", "=1+1")[number % 2],
            currency="USD",
            amount_minor=100 - 50 * number,
            is_memo=False,
            is_notice=False,
            is_correction=number > 2,
        )
        for number in range(7)
    ]
    return [*ads, *statements, CommitteeRecord(ref="C1", name="Old Mill Trust"), *filed]
