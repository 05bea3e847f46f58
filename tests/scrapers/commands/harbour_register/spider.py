"""Register of political ads of an invented harbour board: one CSV a year, ranges of euros.

Documentation: https://register.harbour.example/readme
Licence: not stated by the publisher
Shapes: 7 columns since 2025; the readme calls `Amount` the price of a day, the file says in all.
"""

from collections.abc import Iterator
from datetime import date

from archive.records import AdRecord, Allowance, Material, SourceInfo, SourceKind, Terms
from config.settings import Settings
from scrapers.readers.fields import Fields
from scrapers.readers.files import SourceFile
from scrapers.readers.moments import read_day_as
from scrapers.readers.parsing import (
    UNKNOWN_RANGE,
    Range,
    read_amount,
    read_bucket,
    read_ref,
    read_text,
)
from scrapers.readers.reading import Columns, Reading, Table, read_rows, refuse_file
from scrapers.readers.tables import TableFormat, read_header
from scrapers.sources.spider import SourceSpider

FIRST_YEAR = 2025
CURRENCY = "EUR"

FORM = TableFormat(delimiter=";", encoding="cp1252")

COLUMNS = Columns(
    required=frozenset({"Number", "Amount", "From"}),
    expected=frozenset({"Advertiser", "Paid for by", "Text", "To"}),
)

read_harbour_day = read_day_as("%d.%m.%Y")


def read_body(value: object) -> list[str]:
    """The one text of an ad."""
    return [read_text(value)]


FIELDS = {
    "advertiser_name": ("Advertiser", read_text),
    "payer_name": ("Paid for by", read_text),
    "bodies": ("Text", read_body),
    "ended_on": ("To", read_harbour_day),
}


class IeHarbourRegisterSpider(SourceSpider):
    """Closed years are never corrected, but the file of a year grows to its end."""

    info = SourceInfo(
        id="ie_harbour_register",
        title="Harbour Register of Political Ads",
        publisher="An invented harbour board",
        kind=SourceKind.ADS,
        homepage="https://register.harbour.example",
        documentation="https://register.harbour.example/readme",
        licence="not stated by the publisher",
        access="robots: obey",
        partition_unit="one year's file",
        seconds_between_requests=5,
        data_gaps="impressions; where an ad was shown",
        republish={
            Material.MEDIA: Terms(
                allows=Allowance.LEAVE, because="there are no pictures or videos in it"
            )
        },
    )
    base_url = "https://register.harbour.example"

    @classmethod
    def list_partitions(cls, _settings: Settings, today: date) -> list[str]:
        """One partition a year, newest first."""
        return [str(year) for year in range(today.year, FIRST_YEAR - 1, -1)]

    @classmethod
    def list_files(cls, _settings: Settings, partition: str, address: str) -> list[str]:
        """The year's file."""
        return [f"{address}/open/{partition}/ads.csv"]

    @classmethod
    def read(cls, file: SourceFile) -> Iterator[Reading]:
        """The ads of one file."""
        if COLUMNS.fit(read_header(file, FORM)):
            yield from read_rows(file, ADS, FORM)
        else:
            yield refuse_file(file, cls.info.title)


def read_ad(fields: Fields) -> AdRecord:
    """One row as an ad.

    Raises:
        FieldError: naming the column that cannot be read.
        ValidationError: if the values contradict one another.
    """
    spend = fields.take("Amount", read_spend) or UNKNOWN_RANGE
    return AdRecord(
        ref=fields.require("Number", read_ref),
        platform="harbour_board",
        currency=CURRENCY,
        spend_lower_minor=spend[0],
        spend_upper_minor=spend[1],
        started_on=fields.require("From", read_harbour_day),
        day_zone="Europe/Dublin",
        declared_political=True,
        declared_by="platform",
        **fields.take_present(FIELDS),
        source_fields=fields.rest(),
    )


def read_spend(value: object) -> Range:
    """A range such as `1.000,00–4.999,99`, in cents."""
    return read_bucket(value, read_euros)


def read_euros(text: str) -> int:
    """An amount with points between thousands and a comma before cents."""
    return read_amount(text.replace(".", "").replace(",", "."), CURRENCY)


ADS = Table(COLUMNS, read_ad, ref="Number")
