"""The fictional ads behind Meta's API: read from page files, searched, and shown field by field.

`meta_ad_library.py` calls it. A page file is `{"reached_countries": [...], "ads": [...]}`, with
`"is_political": false` where its ads ran without the label: each ad in the shape the API gives, only
without `ad_snapshot_url`, which holds the caller's token.
"""

import json
import re
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

OLD_NAMES = {
    "ad_creative_bodies": "ad_creative_body",
    "ad_creative_link_captions": "ad_creative_link_caption",
    "ad_creative_link_descriptions": "ad_creative_link_description",
    "ad_creative_link_titles": "ad_creative_link_title",
    "bylines": "funding_entity",
    "delivery_by_region": "region_distribution",
}
"""Fields by the names they had before version 13; an ad that has the old one answers to the new."""

FIELDS = frozenset(
    {
        *OLD_NAMES,
        "ad_creation_time",
        "ad_delivery_start_time",
        "ad_delivery_stop_time",
        "ad_snapshot_url",
        "age_country_gender_reach_breakdown",
        "beneficiary_payers",
        "br_total_reach",
        "currency",
        "demographic_distribution",
        "estimated_audience_size",
        "eu_total_reach",
        "id",
        "impressions",
        "languages",
        "page_id",
        "page_name",
        "publisher_platforms",
        "spend",
        "target_ages",
        "target_gender",
        "target_locations",
        "total_reach_by_location",
    }
)

EVERYTHING = frozenset({"", "*"})
"""Search terms that find every ad; not documented, but collectors live by it."""

ALL_TYPES, POLITICAL = "ALL", "POLITICAL_AND_ISSUE_ADS"


@dataclass(frozen=True)
class ArchivedAd:
    """An ad as the API gives it, and the countries in which a search finds it."""

    shape: dict[str, Any]
    reached_countries: frozenset[str]
    is_political: bool = True
    """Whether it ran with the political label."""

    @property
    def ref(self) -> str:
        """The Library ID."""
        return str(self.shape["id"])

    @property
    def words(self) -> frozenset[str]:
        """The words a search goes through: those of the creative and of the page's name."""
        texts = [
            text
            for name, value in self.shape.items()
            if name.startswith("ad_creative_") or name == "page_name"
            for text in ([value] if isinstance(value, str) else value)
        ]
        return frozenset(re.findall(r"\w+", " ".join(texts).casefold()))


def read_ads(folder: Path) -> list[ArchivedAd]:
    """The ads of every page file, newest (highest id) first; none where there is no folder."""
    ads: list[ArchivedAd] = []
    for path in sorted(folder.glob("*.json")):
        page = json.loads(path.read_text("utf-8"))
        reached = frozenset(page["reached_countries"])
        is_political = page.get("is_political", True)
        ads.extend(ArchivedAd(shape, reached, is_political) for shape in page["ads"])
    return sorted(ads, key=lambda ad: int(ad.ref), reverse=True)


def read_list(text: str) -> list[str]:
    """Items of a list parameter, written `A,B`, `["A","B"]` or `['A','B']`."""
    return re.findall(r"\w+", text)


def search_ads(ads: Iterable[ArchivedAd], query: Mapping[str, str]) -> Iterator[ArchivedAd]:
    """The ads a checked query finds, in their order."""
    return (ad for ad in ads if is_reached(ad, query) and is_found(ad, query) and is_run(ad, query))


def is_reached(ad: ArchivedAd, query: Mapping[str, str]) -> bool:
    """Whether it was shown in one of the countries, and is of the type asked for."""
    countries = read_list(query["ad_reached_countries"])
    reached = "ALL" in countries or not ad.reached_countries.isdisjoint(countries)
    ad_type = query.get("ad_type", ALL_TYPES)
    return reached and (ad_type == ALL_TYPES or (ad_type == POLITICAL and ad.is_political))


def is_found(ad: ArchivedAd, query: Mapping[str, str]) -> bool:
    """Whether the words, the pages and the languages fit: all words must be there."""
    terms = query.get("search_terms", "")
    pages = read_list(query.get("search_page_ids", ""))
    has_words = terms in EVERYTHING or ad.words.issuperset(read_list(terms.casefold()))
    languages = read_list(query.get("languages", ""))
    speaks = not languages or not set(languages).isdisjoint(ad.shape.get("languages", ()))
    return has_words and speaks and (not pages or ad.shape["page_id"] in pages)


def is_run(ad: ArchivedAd, query: Mapping[str, str]) -> bool:
    """Whether the delivery fits the status and the days asked for.

    An ad without a stop time is running: the replica asks no clock.
    """
    stopped = ad.shape.get("ad_delivery_stop_time")
    status = query.get("ad_active_status", "ACTIVE")
    if status != "ALL" and (status == "ACTIVE") != (stopped is None):
        return False
    first = str(ad.shape["ad_delivery_start_time"])[:10]
    last = str(stopped)[:10] if stopped else "9999-12-31"
    return query.get("ad_delivery_date_min", "") <= last and first <= query.get(
        "ad_delivery_date_max", "9999-12-31"
    )


def show_fields(ad: ArchivedAd, names: Iterable[str], snapshot_url: str) -> dict[str, Any]:
    """The fields asked for, of those the ad has; `id` always comes along."""
    complete = ad.shape | {"ad_snapshot_url": snapshot_url}
    asked = [name for field in ("id", *names) for name in (field, OLD_NAMES.get(field, field))]
    return {name: complete[name] for name in dict.fromkeys(asked) if name in complete}
