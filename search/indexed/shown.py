"""What a result shows of an ad, and the texts its piece is taken from: read without making a document."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from functools import partial
from typing import Any, cast

from sqlalchemy import select
from sqlmodel import Session, col

from archive.models import PublicAd
from archive.reading.visible import read_visible_by_default
from archive.runs.fence import take_each
from archive.store.batches import cut_batches
from search.hits import ShownAd, clean_text
from search.indexed.beside import Beside, read_beside
from search.indexed.rows import choose_columns
from search.question.addresses import read_address

LONGEST_TEXT = 100_000
"""Characters kept of each text; Meilisearch indexes at most 65,535 words of an attribute."""

# Names of `public_ad` whose documents go by a shorter name.
_SHOWN_NAMES = {
    "advertiser_name": "advertiser",
    "payer_name": "payer",
    "sponsor_name": "sponsor",
    "election_name": "election",
}
_SHOWN_AS = {name: name for name in ShownAd.model_fields} | _SHOWN_NAMES
_COLUMNS_READ = (
    *("id", "public_id", "source", "platform"),
    *("advertiser_name", "advertiser_id", "payer_name", "sponsor_name", "election_name"),
    *("countries", "countries_from", "languages", "surfaces", "media_type"),
    *("declared_political", "currency"),
    *("spend_lower_minor", "spend_upper_minor", "impressions_lower", "impressions_upper"),
    *("started_on", "ended_on", "state", "versions", "missing"),
    *("titles", "bodies", "descriptions", "landing_urls"),
)


@dataclass(frozen=True, slots=True)
class AdParts:
    """What a result is made of."""

    shown: dict[str, Any]
    """Values of the fields of `ShownAd`."""
    texts: Mapping[str, str]
    """`title`, `body`, `landing` and `picture`, as documents have them."""


def load_parts(session: Session, ad_ids: Sequence[int]) -> dict[int, AdParts]:
    """The parts of ads by our ids; an ad that the archive does not show, or that cannot be read, has none."""
    columns = choose_columns(_COLUMNS_READ)
    found: dict[int, AdParts] = {}
    for some in cut_batches(ad_ids):
        rows = session.connection().execute(select(*columns).where(col(PublicAd.id).in_(some)))
        # A row has the attributes that were asked for; making the object would take longer.
        ads = [cast("PublicAd", row) for row in rows]
        beside = read_beside(session, ads)
        made, _ = take_each(ads, partial(_read_each, beside=beside))
        found.update(pair for pairs in made for pair in pairs)
    return found


def _read_each(ads: Sequence[PublicAd], beside: Beside) -> list[tuple[int, AdParts]]:
    return [(ad.id, read_parts(ad, beside)) for ad in ads]


def read_parts(ad: PublicAd, beside: Beside) -> AdParts:
    """The parts of an ad; texts hold no highlight marks and no unpaired surrogates."""
    return AdParts(show_ad(ad, beside), join_texts(ad, beside))


def show_ad(ad: PublicAd, beside: Beside) -> dict[str, Any]:
    """The values of the fields of `ShownAd`."""
    return {
        "id": ad.public_id,
        "source": ad.source,
        "platform": ad.platform,
        "advertiser": clean_name(ad.advertiser_name),
        "advertiser_id": ad.advertiser_id,
        "payer": clean_name(ad.payer_name),
        "sponsor": clean_name(ad.sponsor_name),
        "former_names": list_former_names(ad, beside),
        "election": clean_name(ad.election_name),
        "countries": ad.countries,
        "countries_from": ad.countries_from,
        "languages": ad.languages,
        "surfaces": ad.surfaces,
        "media_type": ad.media_type,
        "declared_political": ad.declared_political,
        "is_visible_by_default": read_visible_by_default(
            ad.id, ad.declared_political, ad.missing, beside.labelled
        ),
        "currency": ad.currency,
        "spend_lower_minor": ad.spend_lower_minor,
        "spend_upper_minor": ad.spend_upper_minor,
        "impressions_lower": ad.impressions_lower,
        "impressions_upper": ad.impressions_upper,
        "started_on": ad.started_on,
        "ended_on": ad.ended_on,
        "state": ad.state,
        "versions": ad.versions,
        "missing": _reasons_shown(ad),
    }


def join_texts(ad: PublicAd, beside: Beside) -> dict[str, Any]:
    """The texts of an ad, by the names of the fields of documents."""
    return {
        "title": join_title(ad),
        "body": join_body(ad),
        "landing": join_landing(ad),
        "picture": join_picture(ad, beside),
    }


def join_title(ad: PublicAd) -> str:
    """`SearchDocument.title` of an ad."""
    return _join(ad.titles)


def join_body(ad: PublicAd) -> str:
    """`SearchDocument.body` of an ad."""
    return _join([*ad.bodies, *ad.descriptions])


def join_landing(ad: PublicAd) -> str:
    """`SearchDocument.landing` of an ad."""
    return _join(read_address(address) for address in ad.landing_urls)


def join_picture(ad: PublicAd, beside: Beside) -> str:
    """`SearchDocument.picture` of an ad."""
    return clean_text(beside.machine_words.get(ad.id, ""))[:LONGEST_TEXT]


def list_former_names(ad: PublicAd, beside: Beside) -> dict[str, list[str]]:
    """`ShownAd.former_names` of an ad."""
    return dict(beside.former.get(ad.id, {}))


def clean_name(name: str | None) -> str | None:
    """A name as documents hold it."""
    return None if name is None else clean_text(name)


def _join(texts: Iterable[str]) -> str:
    return clean_text("\n".join(dict.fromkeys(texts)))[:LONGEST_TEXT]


def _reasons_shown(ad: PublicAd) -> dict[str, str]:
    missing = ad.missing
    return {shown: str(missing[name]) for name, shown in _SHOWN_AS.items() if name in missing}
