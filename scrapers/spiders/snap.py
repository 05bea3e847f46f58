"""Snap's Political and Advocacy Ads Library: one zip a year, exact amounts.

Documentation: https://www.snap.com/political-ads (the zips' own readme.txt uses other column names
than the files do, so nothing is keyed on it).
Licence: not stated by Snap.
Shapes: 34 columns in 2018-2020; 38 since the committee columns came.
"""

import re
from collections.abc import Callable, Iterator, Mapping
from datetime import date
from functools import partial
from typing import Any

from archive.records import AdRecord, Allowance, Material, SourceInfo, SourceKind, Terms
from config.settings import Settings
from scrapers.readers.fields import Fields, take_targeting
from scrapers.readers.files import SourceFile
from scrapers.readers.moments import read_instant
from scrapers.readers.parsing import (
    read_address,
    read_amount,
    read_count,
    read_country,
    read_list,
    read_ref,
    read_text,
)
from scrapers.readers.reading import Columns, Reading, Table, read_rows, refuse_file
from scrapers.readers.tables import read_header
from scrapers.sources.spider import SourceSpider

FIRST_YEAR = 2018

TARGETING = {
    "Gender": ("gender", "include"),
    "AgeBracket": ("age", "include"),
    "Regions (Included)": ("region", "include"),
    "Regions (Excluded)": ("region", "exclude"),
    "Electoral Districts (Included)": ("electoral_district", "include"),
    "Electoral Districts (Excluded)": ("electoral_district", "exclude"),
    "Radius Targeting (Included)": ("radius", "include"),
    "Radius Targeting (Excluded)": ("radius", "exclude"),
    "Metros (Included)": ("metro", "include"),
    "Metros (Excluded)": ("metro", "exclude"),
    "Postal Codes (Included)": ("postal_code", "include"),
    "Postal Codes (Excluded)": ("postal_code", "exclude"),
    "Location Categories (Included)": ("location_category", "include"),
    "Location Categories (Excluded)": ("location_category", "exclude"),
    "Interests": ("interest", "include"),
    "OsType": ("operating_system", "include"),
    "Segments": ("segment", "include"),
    "Language": ("language", "include"),
    "AdvancedDemographics": ("demographic", "include"),
    "Targeting Connection Type": ("connection", "include"),
    "Targeting Carrier (ISP)": ("carrier", "include"),
}

NOT_TAKEN = {"BillingAddress": "it may be a private person's home"}

COLUMNS = Columns(
    required=frozenset(
        {
            "ADID",
            "CreativeUrl",
            "Currency Code",
            "Spend",
            "Impressions",
            "StartDate",
            "EndDate",
            "OrganizationName",
            "PayingAdvertiserName",
            "CountryCode",
            "CreativeProperties",
        }
    ),
    optional=frozenset(
        {
            "CommitteeName",
            "CommitteeIdentificationNumber",
            "DisclosureNameOfCommittee",
            "AdvertisingJurisdiction",
        }
    ),
    expected=frozenset({"BillingAddress", "CandidateBallotInformation", *TARGETING}),
)

# Written into fields of committees and ballots by advertisers who have none.
PLACEHOLDERS = frozenset({"n/a", "na", "none", "-"})

PROPERTY_NAME = re.compile(r"(?:^|,)[a-z_]+:(?=https?://)")

split_items = read_list(",")
read_snap_time = read_instant("%Y/%m/%d %H:%M:%SZ")


class SnapSpider(SourceSpider):
    """Yearly files; the year of a file is not the year of its ads, and closed years still change."""

    info = SourceInfo(
        id="snap",
        title="Snap Political and Advocacy Ads Library",
        publisher="Snap Inc.",
        kind=SourceKind.ADS,
        homepage="https://www.snap.com/political-ads",
        documentation="https://www.snap.com/political-ads",
        licence="not stated by the publisher",
        access="robots: obey",
        partition_unit="one year's file",
        first_partition_year=FIRST_YEAR,
        amounts_because="the readme in its zips says only “spent by the advertiser”",
        seconds_between_requests=5,
        data_gaps="no text of the ad: only the media file and the address it leads to",
        # Exact amounts of single ads: none of 2018 or 2023 was above 30,000 units.
        plausible_spend_minor=10_000_000_00,
        # The years to 2026 hold 74,609 ads together; a year begins with few.
        most_records_per_run=200_000,
        # Of 2,096 ads of 2018 and 2023 none left these blank; 22% of a file lead nowhere.
        expected_blank_shares={
            "advertiser_name": 0.02,
            "payer_name": 0.02,
            "media_urls": 0.02,
            "started_on": 0.02,
            "landing_urls": 0.5,
        },
        republish={
            Material.MEDIA: Terms(
                allows=Allowance.KEEP,
                because="each ad of the public library links to its file, open to all; Snap states no "
                "terms of reuse, so the file is evidence and is not shown",
            )
        },
        withheld=NOT_TAKEN,
        shown_fields=["AdvertisingJurisdiction", "DisclosureNameOfCommittee"],
    )
    base_url = "https://storage.googleapis.com/ad-manager-political-ads-dump"

    @classmethod
    def list_partitions(cls, _settings: Settings, today: date) -> list[str]:
        """One partition a year: closed years still get corrections."""
        return [str(year) for year in range(today.year, FIRST_YEAR - 1, -1)]

    @classmethod
    def list_files(cls, _settings: Settings, partition: str, address: str) -> list[str]:
        """The year's zip."""
        return [f"{address}/political/{partition}/PoliticalAds.zip"]

    @classmethod
    def read(cls, file: SourceFile) -> Iterator[Reading]:
        """The ads of a year's CSV."""
        if COLUMNS.fit(read_header(file)):
            yield from read_rows(file, ADS)
        else:
            yield refuse_file(file, cls.info.title)


def read_ad(fields: Fields) -> AdRecord:
    """One row as an ad.

    Raises:
        FieldError: naming the column that cannot be read.
        ValidationError: if the values contradict one another.
    """
    fields.keep(NOT_TAKEN)
    currency = fields.require("Currency Code", read_text)
    spend = fields.require("Spend", partial(read_amount, currency=currency))
    impressions = fields.require("Impressions", read_count)
    started_at = fields.take("StartDate", read_snap_time)
    ended_at = fields.take("EndDate", read_snap_time)
    country = fields.take("CountryCode", read_country)
    values = fields.take_present(TEXTS)
    return AdRecord(
        ref=fields.require("ADID", read_ref),
        platform="snap",
        currency=currency,
        spend_lower_minor=spend,
        spend_upper_minor=spend,
        impressions_lower=impressions,
        impressions_upper=impressions,
        started_at=started_at,
        ended_at=ended_at,
        started_on=started_at.date() if started_at else None,
        ended_on=ended_at.date() if ended_at else None,
        countries=[country] if country else [],
        declared_political=True,
        declared_by="platform",
        targeting=take_targeting(fields, TARGETING),
        **values,
        source_fields=fields.rest(),
    )


def read_named(value: object) -> str | None:
    """A name, unless a placeholder stands in its place."""
    text = read_text(value)
    return None if text.casefold() in PLACEHOLDERS else text


def read_registrations(value: object) -> list[str]:
    """Registration numbers, without placeholders."""
    return [read_ref(i) for i in split_items(value) if i.casefold() not in PLACEHOLDERS]


def read_landing_urls(value: object) -> list[str]:
    """The addresses in `web_view_url:https://…` or `ios_app:https://…,android_app:https://…`."""
    addresses = PROPERTY_NAME.split(read_text(value))
    return [read_address(address) for address in addresses if address]


def read_media_urls(value: object) -> list[str]:
    """The one address of the media file."""
    return [read_address(value)]


# Written out here, below its readers, and once for all rows.
TEXTS: Mapping[str, tuple[str, Callable[[object], Any]]] = {
    "advertiser_name": ("OrganizationName", read_text),
    "payer_name": ("PayingAdvertiserName", read_text),
    "sponsor_name": ("CommitteeName", read_named),
    "registration_refs": ("CommitteeIdentificationNumber", read_registrations),
    "election_name": ("CandidateBallotInformation", read_named),
    "media_urls": ("CreativeUrl", read_media_urls),
    "landing_urls": ("CreativeProperties", read_landing_urls),
}

ADS = Table(COLUMNS, read_ad, ref="ADID")
