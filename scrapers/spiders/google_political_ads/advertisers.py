"""Google's tables of advertisers: what each spent a week, in a region and in all; ids that changed.

The spider `google_political_ads` reads the rows of these files through here; ads are its own.
"""

import re
from dataclasses import replace
from datetime import date, timedelta
from functools import partial
from typing import Any

from archive.records import AdvertiserMove, AdvertiserSpendRecord, Grain
from scrapers.readers.fields import FieldError, Fields
from scrapers.readers.moments import read_day
from scrapers.readers.parsing import (
    ABSURD_TOTAL_UNITS,
    read_amount,
    read_count,
    read_country,
    read_list,
    read_ref,
    read_text,
)
from scrapers.readers.reading import Columns, name_columns
from scrapers.spiders.google_political_ads.currencies import STEPS_MINOR, US_DOLLAR, SpendColumns

INDEX_COLUMN = ""
"""Exports by pandas begin with an unnamed column that counts the rows."""

WEEKLY_COLUMNS = Columns(
    required=name_columns("advertiser_id advertiser_name week_start_date spend_usd"),
    optional=frozenset({INDEX_COLUMN, "election_cycle"}),
)
STATS_COLUMNS = Columns(
    required=name_columns(
        "advertiser_id advertiser_name public_ids_list total_creatives spend_usd"
    ),
    optional=frozenset({INDEX_COLUMN, "elections", "regions"}),
)
STATS_COLUMNS_2018 = replace(
    STATS_COLUMNS, required=STATS_COLUMNS.required - {"spend_usd"} | {"total_spend_usd"}
)
REGION_COLUMNS = Columns(
    required=name_columns(
        "advertiser_id advertiser_name country country_subdivision_primary spend_usd"
    ),
    optional=frozenset({INDEX_COLUMN}),
)
MOVE_COLUMNS = Columns(
    required=name_columns("oldadvertiserid newadvertiserid"), optional=frozenset({INDEX_COLUMN})
)

REGION_CODE = re.compile(r"[A-Z]{2}-[A-Z0-9]{1,3}")
"""ISO 3166-2, as in Google's tables of places."""

ID_BORDER = re.compile(r",\s*(?=[A-Z]+ ID )")
"""Ids are joined by commas, and one 'id' of 2019 is a postal address with a comma in it."""


def read_week(fields: Fields, columns: SpendColumns) -> AdvertiserSpendRecord:
    """One row of weekly-spend: what an advertiser spent from a Sunday to the Saturday after it."""
    starts_on = fields.require("week_start_date", read_day)
    return read_statement(
        fields,
        columns,
        dataset="advertiser_weekly_spend",
        grain=Grain.WEEK,
        period_start_on=starts_on,
        period_end_on=find_last_day(starts_on),
        **fields.take_present({"election_name": ("election_cycle", read_text)}),
    )


def find_last_day(starts_on: date) -> date:
    """The last day of a week.

    Raises:
        FieldError: if the calendar ends before.
    """
    try:
        return starts_on + timedelta(days=6)
    except OverflowError:
        raise FieldError("week_start_date", "the calendar has no whole week from there") from None


def read_total(fields: Fields, columns: SpendColumns) -> AdvertiserSpendRecord:
    """One row of advertiser-stats: what an advertiser spent since the archive began.

    Weeks do not add up to it, since each week is rounded on its own.
    """
    fields.rename({"total_spend_usd": "spend_usd"})
    values = fields.take_present(
        {
            "registration_refs": ("public_ids_list", read_registrations),
            "countries": ("regions", read_list(",")),
            "election_name": ("elections", read_text),
            "ads_count": ("total_creatives", read_count),
        }
    )
    return read_statement(
        fields, columns, dataset="advertiser_stats", grain=Grain.LIFETIME, **values
    )


def read_region_total(fields: Fields, columns: SpendColumns) -> AdvertiserSpendRecord:
    """One row of advertiser-geo-spend: the part of an advertiser's whole spend that fell in a region.

    Google splits spend by region in the US alone. The region stands in the name of the data set, so
    that amounts of different regions never replace one another.
    """
    country = fields.require("country", read_country)
    region = fields.take("country_subdivision_primary", read_region)
    if region is not None and not region.startswith(f"{country}-"):
        raise FieldError("country_subdivision_primary", f"{region} lies not in {country}")
    return read_statement(
        fields,
        columns,
        dataset=f"advertiser_geo_spend_{region or country}",
        grain=Grain.REGION,
        countries=[country, region] if region else [country],
    )


def read_statement(
    fields: Fields,
    columns: SpendColumns,
    **values: Any,  # noqa: ANN401 (fields of the record, which checks them)
) -> AdvertiserSpendRecord:
    """What the rows of all tables of advertisers' spend have in common.

    A row that fills no column states 0 of its region's currency, or of one that it does not name.
    """
    fields.keep((INDEX_COLUMN,))
    amounts = {
        code: fields.take(f"spend_{code.lower()}", partial(read_sum, currency=code))
        for code in columns.currencies
    }
    if columns.is_restated and amounts[US_DOLLAR] is None:
        raise FieldError("spend_usd", "is blank")
    currency = columns.choose(amounts, values.get("countries") or [])
    is_filled = columns.is_restated or any(amounts.values())
    amount = amounts[currency] if currency else None
    return AdvertiserSpendRecord(
        platform="google",
        advertiser_ref=fields.require("advertiser_id", read_ref),
        advertiser_name=fields.take("advertiser_name", read_text),
        currency=currency,
        spend_lower_minor=amount if is_filled else 0,
        spend_upper_minor=amount if is_filled else 0,
        spend_conversions={
            code: [minor, minor]
            for code, minor in amounts.items()
            if minor or (minor == 0 and (columns.is_restated or code == currency))
        },
        is_rounded=True,
        rounded_to_minor=STEPS_MINOR.get(currency) if currency else None,
        **values,
        source_fields=fields.rest(),
    )


def read_sum(value: object, currency: str) -> int:
    """An amount of one advertiser or in another currency, which may be far above one ad's."""
    return read_amount(value, currency, ABSURD_TOTAL_UNITS)


def read_region(value: object) -> str:
    """The code of a region.

    Raises:
        ValueError: if it is none by ISO 3166-2.
    """
    text = read_text(value)
    if not REGION_CODE.fullmatch(text):
        raise ValueError(f"{text[:40]!r} is no code of a region (ISO 3166-2)")
    return text


def read_move(fields: Fields, columns: SpendColumns) -> AdvertiserMove:  # noqa: ARG001 (every table's)
    """One row of advertiser-id-mapping: links with the old id end when Google gives a new one."""
    return AdvertiserMove(
        old_ref=fields.require("oldadvertiserid", read_ref),
        new_ref=fields.require("newadvertiserid", read_ref),
    )


def read_registrations(value: object) -> list[str]:
    """Registration numbers such as `FEC ID C00495861, EIN ID 52-1349353`."""
    return [item.strip() for item in ID_BORDER.split(read_text(value)) if item.strip()]
