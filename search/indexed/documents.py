"""From rows of `public_ad` to the documents search engines keep: the only place where that happens.

Sync and rebuild call it, and the embedded engine for the hits of a page. It knows no engine.
"""

import hashlib
import re
from collections.abc import Callable, Sequence
from datetime import UTC, date, datetime, timedelta
from typing import NamedTuple, Protocol, TypeVar, cast

from sqlalchemy import ColumnElement, select
from sqlmodel import Field, Session, SQLModel, col

from archive.models import PublicAd
from archive.records import QuarantineStage
from archive.runs.fence import take_each
from archive.runs.quarantine import explain_failure
from archive.store.batches import cut_batches
from archive.text.words import WORD
from search.hits import ShownAd, WordsFrom
from search.indexed.beside import NOTHING, Beside, read_beside
from search.indexed.rows import choose_columns
from search.indexed.shown import join_texts, show_ad
from search.indexed.values import list_values
from search.question.filters import VALUE_FILTERS

LONGEST_KEY = 511
"""Bytes of a document id, by Meilisearch's documentation."""

_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_UNSAFE = re.compile(r"[^A-Za-z0-9-]")


class SearchDocument(ShownAd):
    """One ad as engines keep it: what is searched, what is filtered and what a hit shows."""

    key: str = Field(description="The id in letters every engine takes.")
    ad_id: int = Field(description="Our id of the ad.")
    title: str = Field(description="Headlines, one a line.")
    body: str = Field(description="Main texts and descriptions, one a line.")
    landing: str = Field(description="Words of the landing addresses: host, then path, one a line.")
    picture: str = Field(description="What a machine read in pictures that are shown, one a line.")
    creative: str | None = Field(
        description="The creative it belongs to (`archive.duplicates.creatives`); empty: nobody has compared "
        "it yet, or it is an earlier state."
    )
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


class NamedAd(Protocol):
    """Whatever an engine is sent of an ad."""

    @property
    def ad_id(self) -> int:
        """Our id."""

    @property
    def id(self) -> str:
        """The permanent one."""


Sent = TypeVar("Sent", bound=NamedAd)


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
        *("countries", "countries_from", "languages", "surfaces", "media_type"),
        *("declared_political", "currency"),
        *("spend_lower_minor", "spend_upper_minor", "impressions_lower", "impressions_upper"),
        *("started_on", "ended_on", "dates_contradict", "state", "versions", "missing"),
        *("titles", "bodies", "descriptions", "landing_urls", "landing_domains"),
        *("election_name", "first_seen_at", "vanished_at", "recorded_at"),
    }
)


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
    query = (
        select(*choose_columns(_FIELDS_READ)).where(which).order_by(col(PublicAd.id)).limit(limit)
    )
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
    documents: Sequence[Sent],
    work: Callable[[Sequence[Sent]], object],
    session: Session | None = None,
) -> list[Rejection]:
    """Work on documents, without the ones that it fails on; gives those."""
    _, failed = take_each(documents, work, session)
    return [reject(document.ad_id, document.id, error) for document, error in failed]


def make_document(ad: PublicAd, beside: Beside = NOTHING) -> SearchDocument:
    """The search document of an ad; texts hold no highlight marks and no unpaired surrogates."""
    texts = join_texts(ad, beside)
    return SearchDocument(
        **show_ad(ad, beside),
        **texts,
        key=encode_key(ad.public_id),
        ad_id=ad.id,
        started_day=_number_day(ad.started_on),
        ended_day=None if ad.dates_contradict else _number_day(ad.ended_on),
        first_seen_day=ad.first_seen_at.toordinal(),
        vanished_day=_number_day(ad.vanished_at),
        creative=beside.creatives.get(ad.id),
        values=find_values(ad, beside),
        words_from=tell_words_from(f"{texts['title']} {texts['body']}", texts["picture"]),
        recorded_at=count_microseconds(ad.recorded_at),
    )


def find_values(ad: PublicAd, beside: Beside) -> dict[str, list[str]]:
    """`SearchDocument.values` of an ad."""
    found = ((name, list_values(ad, name, beside)) for name in VALUE_FILTERS)
    return {name: values for name, values in found if values}


def tell_words_from(text: str, picture: str) -> WordsFrom:
    """Where an ad's words come from; only a machine's reading counts where the source gives none."""
    if WORD.search(text):
        return "source"
    return "machine_read" if WORD.search(picture) else "none"


def encode_key(public_id: str) -> str:
    """A permanent id in `[A-Za-z0-9_-]`: other bytes as `_XX`; a hash where that grows too long."""
    key = _UNSAFE.sub(lambda m: "".join(f"_{b:02X}" for b in m[0].encode()), public_id)
    if len(key) <= LONGEST_KEY:
        return key
    return f"sha256-{hashlib.sha256(public_id.encode()).hexdigest()}"


def count_microseconds(at: datetime) -> int:
    """A time as a whole number, for engines that keep no times: since 1970, in UTC."""
    return (at - _EPOCH) // timedelta(microseconds=1)


def _number_day(day: date | None) -> int | None:
    return day.toordinal() if day else None
