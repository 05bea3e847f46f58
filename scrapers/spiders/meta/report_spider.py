"""Meta's Ad Library Report: what each page spent in a country, by day, window or whole life.

Documentation: https://www.facebook.com/ads/library/report and the README in each zip.
Licence: none is stated for the data.
Shapes: 2018 (no page ids, no currency); 2020 (title case); since 2022 in lower case. The page that
offers the files turns to a login wall, so files are imported from a folder, or fetched from addresses
where the operator keeps them.
"""

from collections.abc import Iterator
from datetime import date
from urllib.parse import urlsplit

from archive.records import (
    Allowance,
    AmountBasis,
    Material,
    SourceInfo,
    SourceKind,
    Terms,
    Unreadable,
)
from config.settings import Settings
from scrapers.readers.files import SourceFile
from scrapers.readers.reading import Reading, leave_file, refuse_file
from scrapers.readers.tables import read_header
from scrapers.sources.spider import SourceSpider
from scrapers.spiders.meta.report_lines import (
    TABLE,
    find_amount_column,
    read_file_name,
    read_report,
)
from scrapers.spiders.meta.settings import MetaSettings

NOT_READ = {
    r"facebookad.*_locations\.csv": "spend by region of all pages together; no advertiser in it",
    r"facebookad.*(?<!_advertisers)\.csv(?<!spending\.csv)": (
        "what pages spent in one region: parts of what the table of advertisers says"
    ),
}


class MetaAdLibraryReportSpider(SourceSpider):
    """Files of what pages spent; no ad is in them."""

    info = SourceInfo(
        id="meta_ad_library_report",
        title="Meta Ad Library Report",
        publisher="Meta Platforms, Inc.",
        kind=SourceKind.ADS,
        homepage="https://www.facebook.com/ads/library/report/",
        documentation="https://www.facebook.com/business/help/2405092116183307",
        licence="none is stated for the data",
        access="robots: obey",
        needs="files downloaded by a person, in a folder or at an address of your own",
        partition_unit="one file: a country, a last day and a window",
        amounts=AmountBasis.BILLED_OR_ESTIMATED,
        amounts_because="the README in its zips of July 2025: invoiced and not yet invoiced amounts, and "
        "of ads that still run perhaps an estimate; it says nothing of tax",
        seconds_between_requests=5,
        data_gaps="no ads; days are Pacific time; small amounts only as `≤100`; `lifelong` files name no "
        "first day",
        # Whole lives of the largest pages have passed 150 m USD.
        plausible_spend_minor=1_000_000_000_00,
        # Every page of a country that ran political ads: 1,036 lines for Belgium in a month.
        fewest_records_per_run=10,
        shown_fields=[
            *("disclaimer", "lines.disclaimer", "lines.ads_count"),
            *("lines.spend_lower_minor", "lines.spend_upper_minor"),
        ],
        republish={
            Material.MEDIA: Terms(
                allows=Allowance.LEAVE,
                because="there are no ads in it",
            )
        },
    )
    settings_type = MetaSettings
    base_url = "https://www.facebook.com/ads/library/report"

    @classmethod
    def list_partitions(cls, settings: Settings, _today: date) -> list[str]:
        """The files the operator has given addresses of, by their names."""
        return [name_file(url) for url in settings.of(MetaSettings).report_urls]

    @classmethod
    def find_address(cls, settings: Settings, partition: str) -> str:
        """The operator's address of the file, without the file."""
        url = find_url(settings, partition)
        return url.rsplit(f"/{partition}", 1)[0] if url else cls.base_url

    @classmethod
    def list_files(cls, settings: Settings, partition: str, address: str) -> list[str]:
        """The file, with whatever its address asks besides."""
        url = find_url(settings, partition) or ""
        return [url if url.startswith(address) else f"{address}/{partition}"]

    @classmethod
    def read(cls, file: SourceFile) -> Iterator[Reading]:
        """The pages of one table of advertisers."""
        if left := leave_file(file, NOT_READ):
            yield left
            return
        amount_column = find_amount_column(read_header(file, TABLE))
        if amount_column is None:
            yield refuse_file(file, cls.info.title)
            return
        try:
            report = read_file_name(file.base_name)
        except ValueError as error:
            yield Unreadable(file=file.name, reason=f"the day in the file's name: {error}")
            return
        if report is None:
            reason = "only the name of such a file says its country and days, and this one does not"
            yield Unreadable(file=file.name, reason=reason)
            return
        yield from read_report(file, report, amount_column)


def name_file(url: str) -> str:
    """The name of the file at an address."""
    return urlsplit(url).path.rsplit("/", 1)[-1]


def find_url(settings: Settings, partition: str) -> str | None:
    """The address of a file by its name."""
    return next(
        (url for url in settings.of(MetaSettings).report_urls if name_file(url) == partition), None
    )
