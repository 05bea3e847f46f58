"""Google's political ads transparency bundle: one zip a day, spend in ranges and in many currencies.

Documentation: the bundle's own README.txt and https://adstransparency.google.com/political.
Licence: Google Terms of Service; none is stated for the bundle itself.
Shapes: 2018 (US only, `Total_Spend_USD`); since 2019 a `Spend_*` column for each currency, which come and
go, and of which each row fills its advertiser's own since some time after 2022 (`currencies`); BigQuery's
`google_political_ads` has the same columns in lower case and a leading index.
"""

import re
from collections.abc import Iterator
from dataclasses import replace
from datetime import date
from functools import partial

from archive.records import AdRecord, Allowance, Material, SourceInfo, SourceKind, Terms
from archive.records.money import EXPONENTS
from config.settings import Settings
from scrapers.readers.fields import Fields, take_targeting
from scrapers.readers.files import SourceFile
from scrapers.readers.moments import read_day
from scrapers.readers.parsing import (
    UNKNOWN_RANGE,
    Range,
    read_address,
    read_amount,
    read_bucket,
    read_country,
    read_list,
    read_ref,
    read_text,
)
from scrapers.readers.reading import (
    Columns,
    Reading,
    Table,
    find_table,
    leave_file,
    name_columns,
    read_rows,
    refuse_file,
)
from scrapers.readers.tables import TableFormat, read_header
from scrapers.sources.spider import SourceSpider
from scrapers.spiders.google_political_ads.advertisers import (
    INDEX_COLUMN,
    MOVE_COLUMNS,
    REGION_COLUMNS,
    STATS_COLUMNS,
    STATS_COLUMNS_2018,
    WEEKLY_COLUMNS,
    read_move,
    read_region_total,
    read_sum,
    read_total,
    read_week,
)
from scrapers.spiders.google_political_ads.currencies import (
    STEPS_ARE_KNOWN_BY,
    STEPS_MINOR,
    US_DOLLAR,
    SpendColumns,
    read_spend_columns,
)

# BigQuery writes the names in lower case, the bundle in title case.
TABLE = TableFormat(folds_names=True)

CURRENCY_COLUMN = re.compile(r"(?:total_)?spend_(?:range_min_|range_max_)?([a-z]{3})")

CREATIVE_COLUMNS = Columns(
    required=name_columns(
        "ad_id ad_url ad_type regions advertiser_id advertiser_name date_range_start "
        "date_range_end impressions spend_range_min_usd spend_range_max_usd"
    ),
    optional=name_columns(
        "ad_campaigns_list num_of_days first_served_timestamp last_served_timestamp age_targeting "
        "gender_targeting geo_targeting_included geo_targeting_excluded "
        "is_funded_by_google_ad_grants"
    )
    | {INDEX_COLUMN},
)
TARGETING = {
    "age_targeting": ("age", "include"),
    "gender_targeting": ("gender", "include"),
    "geo_targeting_included": ("location", "include"),
    "geo_targeting_excluded": ("location", "exclude"),
}

NOT_READ = {
    r"(?!.*advertiser).*geo-spend.*": "spend by place, of all advertisers together; no advertiser and "
    "no period in it",
    r".*top-keywords-history.*": "the most costly search words of a week; ended in December 2019",
    r".*campaign-targeting.*": "empty since 2020: targeting moved to the ads themselves",
    r".*declared-stats.*": "holds the addresses of people; nothing in it is needed to name an advertiser",
    r".*creative[-_]id[-_]mapping.*": "old and new ids of ads; we keep the id each bundle gives",
    r".*ads-updated.*": "the day the bundle was made",
}

# Google documents no zone. In 178 ads of 2022 the days are those of UTC-8 all year round: the first
# and last served instants fall on the first and last day in 177 and 178 of them (UTC: 131 and 99).
DAY_ZONE = "Etc/GMT+8"


class GooglePoliticalAdsSpider(SourceSpider):
    """One bundle with everything since 2018; what leaves it was withdrawn or has expired."""

    info = SourceInfo(
        id="google_political_ads",
        title="Google political ads transparency bundle",
        publisher="Google LLC",
        kind=SourceKind.ADS,
        homepage="https://adstransparency.google.com/political",
        documentation="https://support.google.com/transparencyreport/answer/9575640",
        licence="Google Terms of Service; none is stated for the bundle",
        access="robots: obey",
        partition_unit="the whole bundle",
        seconds_between_requests=5,
        data_gaps="no text of the ad; spend and impressions of an ad only as ranges",
        # Advertisers' totals over all years stand in it, and the largest have passed 300 m USD.
        plausible_spend_minor=1_000_000_000_00,
        rounding=STEPS_ARE_KNOWN_BY,
        rounded_to_minor=STEPS_MINOR,
        amounts_because="the README of the bundle says only “spent”",
        # Every ad since 2018 stands in it.
        fewest_records_per_run=100_000,
        expected_blank_shares={"advertiser_name": 0.05, "started_on": 0.05},
        shown_fields=[
            *(
                "ad_campaigns_list",
                "num_of_days",
                "first_served_timestamp",
                "last_served_timestamp",
            ),
            *("is_funded_by_google_ad_grants", "regions"),
        ],
        republish={
            Material.MEDIA: Terms(
                allows=Allowance.LEAVE,
                because="the bundle names no file of an ad, only its page at Google, and programs have no "
                "public way to ask for that",
            )
        },
    )
    base_url = "https://storage.googleapis.com/political-csv"

    @classmethod
    def list_partitions(cls, _settings: Settings, _today: date) -> list[str]:
        """There is one file."""
        return ["bundle"]

    @classmethod
    def list_files(cls, _settings: Settings, _partition: str, address: str) -> list[str]:
        """The bundle."""
        return [f"{address}/google-political-ads-transparency-bundle.zip"]

    @classmethod
    def read(cls, file: SourceFile) -> Iterator[Reading]:
        """The ads or advertisers' sums of one file of the bundle."""
        if left := leave_file(file, NOT_READ):
            yield left
            return
        header = read_header(file, TABLE)
        table = find_table(TABLES, header)
        if table is None:
            yield refuse_file(file, cls.info.title)
            return
        found = find_currencies(header)
        columns = replace(table.columns, optional=table.columns.optional | set(found))
        spend = read_spend_columns(file, TABLE, header, found)
        if file.hashing:
            # The same row says another thing in a file of the other kind.
            reader = f"{file.hashing.reader} {spend}"
            file = replace(file, hashing=replace(file.hashing, reader=reader))
        read_row = partial(table.read_row, columns=spend)
        yield from read_rows(file, replace(table, columns=columns, read_row=read_row), TABLE)


def find_currencies(header: list[str]) -> dict[str, str]:
    """Columns of spend -> their currencies: Google adds and removes some (HRK, BRL, MXN …)."""
    matches = [CURRENCY_COLUMN.fullmatch(name) for name in header]
    codes = {match[0]: match[1].upper() for match in matches if match}
    return {column: code for column, code in codes.items() if code in EXPONENTS}


def read_ad(fields: Fields, columns: SpendColumns) -> AdRecord:
    """One row of creative-stats as an ad."""
    # `spend_usd` is the former bucket, as text, of what `spend_range_*_usd` say.
    fields.keep((INDEX_COLUMN, "spend_usd"))
    # The README lists the buckets without saying to which an edge belongs. `≤ 10k` begins at 0: the
    # README promises "an impression", yet its figures are rounded.
    impressions = fields.take("impressions", read_bucket) or UNKNOWN_RANGE
    spend = {
        code: read_range(fields, code)
        for code in columns.currencies
        if f"spend_range_max_{code.lower()}" in fields
    }
    regions = fields.take("regions", read_regions) or []
    lowest = {code: lower for code, (lower, _) in spend.items()}
    currency = columns.choose(lowest, regions)
    # The lowest bucket of an unknown currency begins at 0 and ends nobody knows where.
    unnamed = UNKNOWN_RANGE if any(lowest.values()) else (0, None)
    amount = spend[currency] if currency else unnamed
    values = fields.take_present(
        {
            "url": ("ad_url", read_address),
            "media_type": ("ad_type", read_text),
            "advertiser_ref": ("advertiser_id", read_ref),
            "advertiser_name": ("advertiser_name", read_text),
            "started_on": ("date_range_start", read_day),
            "ended_on": ("date_range_end", read_day),
        }
    )
    return AdRecord(
        ref=fields.require("ad_id", read_ref),
        platform="google",
        currency=currency,
        spend_lower_minor=amount[0],
        spend_upper_minor=amount[1],
        spend_conversions={
            code: list(bounds)
            for code, bounds in spend.items()
            if bounds != UNKNOWN_RANGE and (columns.is_restated or bounds[0] or code == currency)
        },
        impressions_lower=impressions[0],
        impressions_upper=impressions[1],
        countries=[region for region in regions if region != "EU"],
        declared_political=True,
        declared_by="platform",
        day_zone=DAY_ZONE,
        targeting=take_targeting(fields, TARGETING),
        **values,
        source_fields=fields.rest() | ({"regions": ", ".join(regions)} if "EU" in regions else {}),
    )


def read_range(fields: Fields, currency: str) -> Range:
    """The range of an ad's spend in one currency; an empty maximum is open.

    Neighbouring ranges share their edge (0–100, 100–1000), and both are kept as published.
    """
    parse = partial(read_amount if currency == US_DOLLAR else read_sum, currency=currency)
    lower = fields.take(f"spend_range_min_{currency.lower()}", parse)
    return lower, fields.take(f"spend_range_max_{currency.lower()}", parse)


def read_regions(value: object) -> list[str]:
    """Codes of countries, and `EU`, which is none."""
    return [code if code == "EU" else read_country(code) for code in read_list(",")(value)]


TABLES = (
    Table(CREATIVE_COLUMNS, read_ad, ref="ad_id"),
    Table(WEEKLY_COLUMNS, read_week),
    Table(STATS_COLUMNS, read_total),
    Table(STATS_COLUMNS_2018, read_total),
    Table(REGION_COLUMNS, read_region_total),
    Table(MOVE_COLUMNS, read_move),
)
