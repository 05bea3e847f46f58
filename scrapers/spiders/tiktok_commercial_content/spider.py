"""TikTok's Commercial Content API: ads shown in the EEA, the United Kingdom and Switzerland.

Documentation: https://developers.tiktok.com/doc/commercial-content-api-query-ads
Licence: TikTok's terms for research tools; none is stated for the data.
Shapes: answers of `ad/query`: a list under `data.ads` of pairs of `ad` and `advertiser`.

TikTok bans political ads and labels none: what is found by words is a slip, or no political ad.
"""

from collections.abc import Iterator
from datetime import date

from archive.records import Allowance, Material, SourceInfo, SourceKind, Terms, Unreadable
from config.settings import Settings
from scrapers.readers.envelopes import unwrap_list
from scrapers.readers.files import SourceFile
from scrapers.readers.reading import Reading, find_key, read_each_object
from scrapers.sources.signing import MissingCredentialError, Secret
from scrapers.sources.spider import SourceSpider
from scrapers.spiders.tiktok_commercial_content.settings import TikTokSettings
from scrapers.spiders.tiktok_commercial_content.values import flatten_pair, read_ad

# Each has to be asked for by name: a group alone is refused.
FIELDS = (
    "ad.id,ad.first_shown_date,ad.last_shown_date,ad.status,ad.status_statement,ad.videos,"
    "ad.image_urls,ad.reach,advertiser.business_id,advertiser.business_name,advertiser.paid_for_by"
)
KNOWN = frozenset({*FIELDS.split(","), "ad.rejection_info"})

HOW_TO_BE_LET_IN = (
    "TikTok's Commercial Content API asks for a client key and secret. Apply for a project at "
    "developers.tiktok.com, and type: export PAIDFORBY_TIKTOK_CLIENT_KEY=… "
    "PAIDFORBY_TIKTOK_CLIENT_SECRET=…"
)


class TikTokCommercialContentSpider(SourceSpider):
    """A search is a partition."""

    info = SourceInfo(
        id="tiktok_commercial_content",
        title="TikTok Commercial Content API",
        publisher="TikTok Ltd.",
        kind=SourceKind.ADS,
        homepage="https://library.tiktok.com/ads",
        documentation="https://developers.tiktok.com/doc/commercial-content-api-query-ads",
        licence="TikTok's terms for research tools; none is stated for the data",
        access="terms of an API",
        needs="client key and secret of a project that TikTok has approved",
        partition_unit="one search: a country and words",
        asks_by_country=True,
        seconds_between_requests=2,
        data_gaps="spend; the ad's text; whether it is political (TikTok allows no political ads); reach "
        "only as ranges; addresses of media expire",
        shown_fields=[
            *("ad.status_statement", "ad.rejection_info", "ad.reach.unique_users_seen"),
            "ad.reach.unique_users_seen_by_country.*",
        ],
        republish={
            Material.MEDIA: Terms(
                allows=Allowance.LEAVE,
                because="TikTok gives the addresses to researchers it has approved, and no term is known "
                "here that lets an archive keep or show what they hold",
            )
        },
    )
    base_url = "https://open.tiktokapis.com"
    settings_type = TikTokSettings
    crawler_path = "scrapers.spiders.tiktok_commercial_content.paging.TikTokSpider"

    @classmethod
    def list_partitions(cls, settings: Settings, _today: date) -> list[str]:
        """The operator's searches."""
        return list(settings.of(TikTokSettings).searches)

    @classmethod
    def read_secret(cls, settings: Settings) -> Secret:
        """The operator's client secret; it goes into one body and into no address."""
        own = settings.of(TikTokSettings)
        key, secret = own.client_key, own.client_secret
        if key is None or secret is None or not secret.get_secret_value():
            raise MissingCredentialError(HOW_TO_BE_LET_IN)
        return Secret("", secret, others=[key])

    @classmethod
    def read(cls, file: SourceFile) -> Iterator[Reading]:
        """The ads of an answer."""
        listed = unwrap_list(file, ["data", "ads"], flatten_pair)
        if isinstance(listed, Unreadable):
            yield listed
        else:
            yield from read_each_object(listed, KNOWN, read_ad, find_key("ad.id"))
