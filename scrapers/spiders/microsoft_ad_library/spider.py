"""Microsoft's Ad Library API: ads shown on Bing in the EEA since June 2023.

Documentation: https://learn.microsoft.com/advertising/guides/ad-library-api
Licence: not stated by Microsoft.
Shapes: OData answers: a list under `value`, or one ad with its details.

Microsoft bans political ads and labels none: what is found by words is a slip, or no political ad.
"""

from collections.abc import Iterator
from datetime import date

from archive.records import Allowance, Material, SourceInfo, SourceKind, Terms, Unreadable
from config.settings import Settings
from scrapers.readers.envelopes import unwrap_list
from scrapers.readers.files import SourceFile
from scrapers.readers.reading import Reading, find_key, read_each_object
from scrapers.sources.spider import SourceSpider
from scrapers.spiders.microsoft_ad_library.settings import MicrosoftSettings
from scrapers.spiders.microsoft_ad_library.values import KNOWN, flatten_details, read_ad


class MicrosoftAdLibrarySpider(SourceSpider):
    """A search is a partition; each of its ads is asked for its details."""

    info = SourceInfo(
        id="microsoft_ad_library",
        title="Microsoft Ad Library",
        publisher="Microsoft Corporation",
        kind=SourceKind.ADS,
        homepage="https://adlibrary.ads.microsoft.com",
        documentation="https://learn.microsoft.com/advertising/guides/ad-library-api",
        licence="not stated by the publisher",
        access="terms of an API",
        partition_unit="one search: a country, alone or with words",
        asks_by_country=True,
        seconds_between_requests=5,
        data_gaps="spend; whether it is political (Microsoft allows no political ads); the last day of "
        "an ad that still runs; impressions only as ranges, and of the EEA",
        shown_fields=[
            *("DisplayUrl", "AssetJson"),
            *("AdDetails.RestrictionReason", "AdDetails.TotalImpressionsRange"),
        ],
        republish={
            Material.MEDIA: Terms(
                allows=Allowance.LEAVE,
                because="what the library says of pictures (`AssetJson`) is kept word for word and is "
                "not read for addresses; it states no terms for them",
            )
        },
    )
    base_url = "https://adlibrary.api.bingads.microsoft.com"
    settings_type = MicrosoftSettings
    crawler_path = "scrapers.spiders.microsoft_ad_library.paging.MicrosoftSpider"

    @classmethod
    def list_partitions(cls, settings: Settings, _today: date) -> list[str]:
        """The operator's searches."""
        return list(settings.of(MicrosoftSettings).searches)

    @classmethod
    def read(cls, file: SourceFile) -> Iterator[Reading]:
        """The ads of an answer."""
        listed = unwrap_list(file, ["value"], flatten_details, alone="AdId")
        if isinstance(listed, Unreadable):
            yield listed
        else:
            yield from read_each_object(listed, KNOWN, read_ad, find_key("AdId"))
