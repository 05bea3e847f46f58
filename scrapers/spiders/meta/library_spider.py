"""Meta's Ad Library API (`ads_archive`): political and issue ads of Facebook and Instagram.

Documentation: https://www.facebook.com/ads/library/api and the reference of `archived-ad`.
Licence: Meta's terms for the API; none is stated for the data.
Shapes: API objects, alone, in a list, under `data` or one a line, with the singular names of before
2022 and MongoDB's `_id`; and dumps of them flattened to a table with dotted column names.
"""

import re
from collections.abc import Callable, Iterator, Mapping
from contextlib import suppress
from dataclasses import replace
from datetime import date
from functools import partial
from typing import Any

from archive.curation.watch_lists import find_list_id
from archive.records import AdRecord, Allowance, Material, SourceInfo, SourceKind, Terms
from config.settings import Settings
from scrapers.readers.delivery import read_digits, read_page_id
from scrapers.readers.fields import FieldError, Fields
from scrapers.readers.files import SourceFile
from scrapers.readers.objects import looks_like_json
from scrapers.readers.parsing import (
    UNKNOWN_RANGE,
    read_amount,
    read_count,
    read_currency,
    read_text,
    read_texts,
)
from scrapers.readers.reading import (
    Columns,
    Reading,
    Table,
    name_columns,
    read_each_object,
    read_rows,
    refuse_file,
)
from scrapers.readers.tables import MISSING_WORDS, TableFormat, read_header
from scrapers.sources.signing import MissingCredentialError, Secret
from scrapers.sources.spider import FileReader, SourceSpider
from scrapers.spiders.meta.fields import (
    take_dates,
    take_delivery,
    take_landing,
    take_parties,
    take_targeting,
)
from scrapers.spiders.meta.queries import list_watched
from scrapers.spiders.meta.settings import MetaSettings
from scrapers.spiders.meta.values import MISSING_END, read_bounds, read_snapshot_id, read_surfaces

FIELD_NAMES = (
    "id ad_creation_time ad_creative_bodies ad_creative_link_captions "
    "ad_creative_link_descriptions ad_creative_link_titles ad_delivery_start_time "
    "ad_delivery_stop_time age_country_gender_reach_breakdown beneficiary_payers "
    "br_total_reach bylines currency delivery_by_region demographic_distribution "
    "estimated_audience_size eu_total_reach impressions languages page_id page_name "
    "publisher_platforms spend target_ages target_gender target_locations "
    "total_reach_by_location"
)
API_FIELDS = tuple(FIELD_NAMES.split())

OLD_NAMES = {
    "_id": "id",
    "ad_creative_body": "ad_creative_bodies",
    "ad_creative_link_caption": "ad_creative_link_captions",
    "ad_creative_link_description": "ad_creative_link_descriptions",
    "ad_creative_link_title": "ad_creative_link_titles",
    "br_total_reach": "eu_total_reach",
    "funding_entity": "bylines",
    "potential_reach": "estimated_audience_size",
    "region_distribution": "delivery_by_region",
}

SNAPSHOT = "ad_snapshot_url"
"""Not asked for."""
WITHHELD = {
    SNAPSHOT: "it opens the ad as Meta draws it, with the token of whoever asked; the ad's own "
    "address at Meta stands in its place, without one"
}
SHOWN_FIELDS = (
    "ad_creation_time ad_creative_link_captions beneficiary_payers.beneficiary "
    "beneficiary_payers.current beneficiary_payers.payer br_total_reach total_reach_by_location.key "
    "total_reach_by_location.value"
)
NOT_TAKEN = (*WITHHELD, "")
"""With the unnamed column by which pandas counts rows."""

KNOWN_KEYS = frozenset({*API_FIELDS, *OLD_NAMES, *NOT_TAKEN, "error"})

RANGES = ("estimated_audience_size", "impressions", "spend")
POLITICAL_SIGNS = ("payer_name", "spend_lower_minor", "impressions_lower")
BOUNDS = ("lower_bound", "upper_bound")

DUMP_COLUMNS = Columns(
    required=name_columns("id page_id page_name"),
    optional=KNOWN_KEYS | {f"{name}.{bound}" for name in RANGES for bound in BOUNDS},
)

DUMP = TableFormat(blank_words=MISSING_WORDS, always_given=DUMP_COLUMNS.required)

# Meta gives these to every political ad: without them it ran without a disclaimer, still runs, or has
# no political label at all.
BLANK_IF_ABSENT: dict[str, Any] = {
    "payer_name": None,
    "ended_on": None,
    "declared_political": None,
}

ReadAd = Callable[[Fields], AdRecord]

TOKEN = re.compile(r"(access_token=)[^&\"'\s\\]+")

HOW_TO_BE_LET_IN = (
    "Meta's Ad Library API asks for an access token. Confirm your identity at facebook.com/ID, "
    "make an app at developers.facebook.com, and type: export PAIDFORBY_META_ACCESS_TOKEN=…"
)


class MetaAdLibrarySpider(SourceSpider):
    """A walk by cursor over a country's political ads, or over all ads that a watch list asks for."""

    info = SourceInfo(
        id="meta_ad_library",
        title="Meta Ad Library API",
        publisher="Meta Platforms, Inc.",
        kind=SourceKind.ADS,
        homepage="https://www.facebook.com/ads/library/",
        documentation="https://www.facebook.com/ads/library/api",
        licence="Meta's terms for the API; none is stated for the data",
        access="terms of an API",
        needs="a User access token of a person whose identity Meta has confirmed",
        partition_unit="one country, or one watch list",
        asks_by_country=True,
        seconds_between_requests=3,
        data_gaps="spend and impressions only as ranges; no media files; countries outside the EU and UK",
        missing_end=MISSING_END,
        plausible_spend_minor=20_000_000_000_00,  # Ranges in rupiah or dong run to billions of units.
        expected_blank_shares={"advertiser_name": 0.1, "started_on": 0.02},
        republish={
            Material.MEDIA: Terms(
                allows=Allowance.LEAVE,
                because="the API names no picture or video, only a page on which Meta draws the ad for "
                "whoever shows a token; no term is known here that lets an archive keep that page",
            )
        },
        withheld=WITHHELD,
        shown_fields=SHOWN_FIELDS.split(),
    )
    base_url = "https://graph.facebook.com"
    settings_type = MetaSettings
    crawler_path = "scrapers.spiders.meta.paging.MetaSpider"

    @classmethod
    def list_partitions(cls, settings: Settings, _today: date) -> list[str]:
        """The countries the operator asks about, and the watch lists kept for this source."""
        return [*settings.of(MetaSettings).countries, *list_watched(settings)]

    @classmethod
    def read_secret(cls, settings: Settings) -> Secret:
        """The operator's access token."""
        token = settings.of(MetaSettings).access_token
        if token is None or not token.get_secret_value():
            raise MissingCredentialError(HOW_TO_BE_LET_IN)
        return Secret("access_token", token)

    @classmethod
    def reader_of(cls, _settings: Settings, partition: str) -> FileReader:
        """Of a country only political ads were asked for, so that all that came are labelled so."""
        return cls if find_list_id(partition) else PoliticalAnswers

    @classmethod
    def read(cls, file: SourceFile) -> Iterator[Reading]:
        """The ads of an answer, of a collection of API objects, or of a flattened dump."""
        yield from read_ads(file, read_api_ad, read_dump_ad)


class PoliticalAnswers:
    """Reads answers to questions for political ads only."""

    @staticmethod
    def read(file: SourceFile) -> Iterator[Reading]:
        """What the spider reads, each ad labelled by the platform."""
        yield from read_ads(
            file,
            lambda fields: label_political(read_api_ad(fields)),
            lambda fields: label_political(read_dump_ad(fields)),
        )


def read_ads(file: SourceFile, read_object: ReadAd, read_row: ReadAd) -> Iterator[Reading]:
    """The ads of a file, by the reader of the shape it has."""
    if looks_like_json(file):
        yield from read_each_object(file, KNOWN_KEYS, read_object, find_library_id)
    elif DUMP_COLUMNS.fit(header := read_header(file)):
        table = Table(DUMP_COLUMNS, read_row, "id", read_ref=read_digits)
        if "id" not in header and SNAPSHOT in header and DUMP_COLUMNS.known.issuperset(header):
            columns = replace(DUMP_COLUMNS, required=name_columns(f"{SNAPSHOT} page_id page_name"))
            table = Table(columns, read_row, SNAPSHOT, read_ref=read_snapshot_id)
        yield from read_rows(file, table, DUMP)
    else:
        yield refuse_file(file, MetaAdLibrarySpider.info.title)


def find_library_id(cells: Mapping[str, Any]) -> str | None:
    """Whose object it is: the id, or the one in its address of a snapshot (answers of 2018 to 2020)."""
    ref = cells.get("id") or cells.get("_id")
    try:
        return read_digits(ref) if ref else read_snapshot_id(cells.get(SNAPSHOT))
    except ValueError:
        return None


def label_political(ad: AdRecord) -> AdRecord:
    """The ad as one that Meta labels political, whatever signs of it there are."""
    label = {"declared_political": True, "declared_by": "platform"}
    missing = {name: reason for name, reason in ad.missing.items() if name not in label}
    return ad.model_copy(update=label | {"missing": missing})


def read_api_ad(fields: Fields) -> AdRecord:
    """One object of the API as an ad.

    Raises:
        FieldError: naming the key that cannot be read.
        ValidationError: if the values contradict one another.
    """
    if "error" in fields:
        raise FieldError("error", "Meta answered with an error instead of ads")
    return read_ad(fields, BLANK_IF_ABSENT)


def read_dump_ad(fields: Fields) -> AdRecord:
    """One row of a flattened dump as an ad; a column it lacks was perhaps never asked for."""
    for name in RANGES:
        if any(f"{name}.{bound}" in fields for bound in BOUNDS):
            fields.nest(name, BOUNDS)
    return read_ad(fields, {})


def read_ad(fields: Fields, blank: dict[str, Any]) -> AdRecord:
    """What both shapes have in common; `blank` are the record's fields to be empty where absent."""
    fields.rename(OLD_NAMES)
    kept = fields.keep(NOT_TAKEN)
    if "id" not in fields and SNAPSHOT in kept:
        with suppress(ValueError):
            fields.leave("id", read_snapshot_id(kept[SNAPSHOT]))
    ref = fields.require("id", read_digits)
    values = fields.take_present(
        {
            "advertiser_ref": ("page_id", read_page_id),
            "advertiser_name": ("page_name", read_text),
            "payer_name": ("bylines", read_text),
            "languages": ("languages", read_texts),
            "surfaces": ("publisher_platforms", read_surfaces),
            "titles": ("ad_creative_link_titles", read_texts),
            "bodies": ("ad_creative_bodies", read_texts),
            "descriptions": ("ad_creative_link_descriptions", read_texts),
            "currency": ("currency", read_currency),
        }
    )
    values |= take_numbers(fields, values.get("currency"))
    values |= take_dates(fields) | take_delivery(fields) | take_targeting(fields)
    values |= take_landing(fields)
    # Only ads that ran as political have any of these; payers of the EU every ad there has.
    if any(values.get(name) is not None for name in POLITICAL_SIGNS):
        values |= {"declared_political": True, "declared_by": "platform"}
    values |= {name: who for name, who in take_parties(fields).items() if not values.get(name)}
    return AdRecord(
        ref=ref,
        platform="meta",
        url=f"https://www.facebook.com/ads/library/?id={ref}",
        **(blank | values),
        source_fields={k: TOKEN.sub(r"\1WITHHELD", text) for k, text in fields.rest().items()},
    )


def take_numbers(fields: Fields, currency: str | None) -> dict[str, Any]:
    """Spend, impressions, audience and reach, as far as the shape has them."""
    readers: dict[str, tuple[str, str, Callable[[object], int]]] = {
        "spend": (
            "spend_lower_minor",
            "spend_upper_minor",
            partial(read_amount, currency=currency),
        ),
        "impressions": ("impressions_lower", "impressions_upper", read_count),
        "estimated_audience_size": ("audience_lower", "audience_upper", read_count),
    }
    values: dict[str, Any] = {}
    for name, (lower, upper, read_one) in readers.items():
        if name in fields:
            bounds = fields.take(name, read_bounds(read_one)) or UNKNOWN_RANGE
            values |= {lower: bounds[0], upper: bounds[1]}
    if "eu_total_reach" in fields:
        reach = fields.take("eu_total_reach", read_count)
        values |= {"reach_lower": reach, "reach_upper": reach}
    return values
