"""From rows of `public_ad` to the documents search engines keep: the only place where that happens.

Sync and rebuild call it, and the embedded engine for the hits of a page. It knows no engine.
"""

import hashlib
import json
import re
from collections.abc import Callable, Iterable, Sequence
from datetime import UTC, date, datetime, timedelta
from typing import Any, NamedTuple, cast

import orjson
from sqlalchemy import ColumnElement, Dialect, String, TypeDecorator, select, type_coerce
from sqlmodel import Field, Session, SQLModel, col

from archive.models import PublicAd
from archive.models.columns import holds_json
from archive.reading.visible import read_visible_by_default
from archive.records import QuarantineStage
from archive.runs.fence import take_each
from archive.runs.quarantine import explain_failure
from archive.store.batches import cut_batches
from archive.store.bulk import table_of
from archive.text.words import WORD
from search.hits import ShownAd, WordsFrom, clean_text
from search.indexed.beside import NOTHING, Beside, read_beside
from search.indexed.values import list_values
from search.question.addresses import read_address
from search.question.filters import VALUE_FILTERS

LONGEST_TEXT = 100_000
"""Characters kept of each text; Meilisearch indexes at most 65,535 words of an attribute."""

LONGEST_KEY = 511
"""Bytes of a document id, by Meilisearch's documentation."""

_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_UNSAFE = re.compile(r"[^A-Za-z0-9-]")

# Names of `public_ad` whose documents go by a shorter name.
_SHOWN_NAMES = {
    "advertiser_name": "advertiser",
    "payer_name": "payer",
    "sponsor_name": "sponsor",
    "election_name": "election",
}


class SearchDocument(ShownAd):
    """One ad as engines keep it: what is searched, what is filtered and what a hit shows."""

    key: str = Field(description="The id in letters every engine takes.")
    ad_id: int = Field(description="Our id of the ad.")
    title: str = Field(description="Headlines, one a line.")
    body: str = Field(description="Main texts and descriptions, one a line.")
    landing: str = Field(description="Words of the landing addresses: host, then path, one a line.")
    picture: str = Field(description="What a machine read in pictures that are shown, one a line.")
    values: dict[str, list[str]] = Field(
        description="Its values of each filter (`search.question.filters`) of which it has any."
    )
    words_from: WordsFrom = Field(description="Where its words come from.")
    started_day: int | None = Field(
        description="First day as a number (date.toordinal), for filters."
    )
    ended_day: int | None = Field(description="Last day as a number, for filters.")
    first_seen_day: int = Field(description="Day it was first seen (UTC) as a number.")
    vanished_day: int | None = Field(
        description="Day since which it is not found any more (UTC) as a number."
    )
    recorded_at: int = Field(
        description="When the archive learned what this says, in microseconds since 1970 (UTC)."
    )
    held_since: int = Field(default=0, description="Likewise, numbers left aside.")
    held_until: int | None = Field(
        default=None, description="Of an earlier state, since when the next holds."
    )
    earlier: list["SearchDocument"] = Field(
        default=[], description="The states of the ad before this one (`search.indexed.history`)."
    )
    replaces_earlier: bool = Field(
        default=False,
        description="Whether those stand in place of all earlier states that a copy holds, not beside them.",
    )


class Rejection(SQLModel):
    """An ad that the search copy could not take."""

    ad_id: int = Field(description="Our id of the ad.")
    id: str = Field(description="Permanent id of the ad.")
    reason: str = Field(description="What went wrong.")
    detail: str = Field(default="", description="The same in the program's own words.")


class MadeDocuments(NamedTuple):
    """The documents of some ads, by rising id, and the ads that none could be made of."""

    documents: list[SearchDocument]
    rejected: list[Rejection]


_FIELDS_READ = frozenset(
    {
        *("id", "public_id", "source", "platform"),
        *("advertiser_name", "advertiser_id", "payer_name", "sponsor_name"),
        *("countries", "languages", "surfaces", "media_type", "declared_political", "currency"),
        *("spend_lower_minor", "spend_upper_minor", "impressions_lower", "impressions_upper"),
        *("started_on", "ended_on", "dates_contradict", "state", "versions", "missing"),
        *("titles", "bodies", "descriptions", "landing_urls", "landing_domains"),
        *("election_name", "first_seen_at", "vanished_at", "recorded_at"),
    }
)
_SHOWN_AS = {name: name for name in ShownAd.model_fields} | _SHOWN_NAMES


class QuickJson(TypeDecorator[Any]):
    """A column of JSON, read in a fifth of the time."""

    impl = String
    cache_ok = True

    def process_result_value(self, value: Any | None, dialect: Dialect) -> Any:  # noqa: ANN401, ARG002 (as the driver hands it in)
        """Read it, where the driver does not."""
        if not isinstance(value, str):
            return value
        try:
            return orjson.loads(value)
        except orjson.JSONDecodeError:
            # Half of a character.
            return json.loads(value)


def load_documents(session: Session, ad_ids: Sequence[int]) -> MadeDocuments:
    """The documents of ads; an ad the archive does not show has none."""
    made = MadeDocuments([], [])
    for some in cut_batches(ad_ids):
        documents, rejected = read_documents(session, col(PublicAd.id).in_(some))
        made.documents.extend(documents)
        made.rejected.extend(rejected)
    return made


def read_documents(
    session: Session, which: ColumnElement[bool], limit: int | None = None
) -> MadeDocuments:
    """The documents of the ads that a condition chooses, the first `limit` of them, by rising id."""
    columns = [
        type_coerce(column, QuickJson).label(column.name) if holds_json(column.type) else column
        for column in table_of(PublicAd).columns
        if column.name in _FIELDS_READ
    ]
    query = select(*columns).where(which).order_by(col(PublicAd.id)).limit(limit)
    # A row has the attributes that were asked for; making the object would take longer.
    ads = [cast("PublicAd", row) for row in session.connection().execute(query)]
    beside = read_beside(session, ads)
    made, failed = take_each(ads, lambda some: [make_document(ad, beside) for ad in some])
    rejected = [reject(ad.id, ad.public_id, error) for ad, error in failed]
    return MadeDocuments([document for documents in made for document in documents], rejected)


def reject(ad_id: int, public_id: str, error: Exception) -> Rejection:
    """An ad that could not be taken, for a reason nobody foresaw."""
    reason, detail = explain_failure(QuarantineStage.SEARCH, error)
    return Rejection(ad_id=ad_id, id=public_id, reason=reason, detail=detail)


def take_documents(
    documents: Sequence[SearchDocument],
    work: Callable[[Sequence[SearchDocument]], object],
    session: Session | None = None,
) -> list[Rejection]:
    """Work on documents, without the ones that it fails on; gives those."""
    _, failed = take_each(documents, work, session)
    return [reject(document.ad_id, document.id, error) for document, error in failed]


def make_document(ad: PublicAd, beside: Beside = NOTHING) -> SearchDocument:
    """The search document of an ad; texts hold no highlight marks and no unpaired surrogates."""
    title, body, picture = join_title(ad), join_body(ad), join_picture(ad, beside)
    return SearchDocument(
        key=encode_key(ad.public_id),
        ad_id=ad.id,
        id=ad.public_id,
        source=ad.source,
        platform=ad.platform,
        advertiser=clean_name(ad.advertiser_name),
        advertiser_id=ad.advertiser_id,
        payer=clean_name(ad.payer_name),
        sponsor=clean_name(ad.sponsor_name),
        former_names=list_former_names(ad, beside),
        election=clean_name(ad.election_name),
        countries=ad.countries,
        languages=ad.languages,
        surfaces=ad.surfaces,
        media_type=ad.media_type,
        declared_political=ad.declared_political,
        currency=ad.currency,
        spend_lower_minor=ad.spend_lower_minor,
        spend_upper_minor=ad.spend_upper_minor,
        impressions_lower=ad.impressions_lower,
        impressions_upper=ad.impressions_upper,
        started_on=ad.started_on,
        ended_on=ad.ended_on,
        started_day=_number_day(ad.started_on),
        ended_day=None if ad.dates_contradict else _number_day(ad.ended_on),
        state=ad.state,
        versions=ad.versions,
        missing=_reasons_shown(ad),
        first_seen_day=ad.first_seen_at.toordinal(),
        vanished_day=_number_day(ad.vanished_at),
        title=title,
        body=body,
        landing=join_landing(ad),
        picture=picture,
        values=find_values(ad, beside),
        words_from=tell_words_from(f"{title} {body}", picture),
        recorded_at=count_microseconds(ad.recorded_at),
        is_visible_by_default=read_visible_by_default(
            ad.id, ad.declared_political, ad.missing, beside.labelled
        ),
    )


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


def find_values(ad: PublicAd, beside: Beside) -> dict[str, list[str]]:
    """`SearchDocument.values` of an ad."""
    found = ((name, list_values(ad, name, beside)) for name in VALUE_FILTERS)
    return {name: values for name, values in found if values}


def tell_words_from(text: str, picture: str) -> WordsFrom:
    """Where an ad's words come from; only a machine's reading counts where the source gives none."""
    if WORD.search(text):
        return "source"
    return "machine_read" if WORD.search(picture) else "none"


def clean_name(name: str | None) -> str | None:
    """A name as documents hold it."""
    return None if name is None else clean_text(name)


def encode_key(public_id: str) -> str:
    """A permanent id in `[A-Za-z0-9_-]`: other bytes as `_XX`; a hash where that grows too long."""
    key = _UNSAFE.sub(lambda m: "".join(f"_{b:02X}" for b in m[0].encode()), public_id)
    if len(key) <= LONGEST_KEY:
        return key
    return f"sha256-{hashlib.sha256(public_id.encode()).hexdigest()}"


def _join(texts: Iterable[str]) -> str:
    return clean_text("\n".join(dict.fromkeys(texts)))[:LONGEST_TEXT]


def count_microseconds(at: datetime) -> int:
    """A time as a whole number, for engines that keep no times: since 1970, in UTC."""
    return (at - _EPOCH) // timedelta(microseconds=1)


def _number_day(day: date | None) -> int | None:
    return day.toordinal() if day else None


def _reasons_shown(ad: PublicAd) -> dict[str, str]:
    missing = ad.missing
    return {shown: str(missing[name]) for name, shown in _SHOWN_AS.items() if name in missing}
