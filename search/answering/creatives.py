"""One creative once: which ads stand for their copies, and whose copies are asked for.

Creatives are counted beside the archive and only of ads as they are now (`archive/duplicates`).
"""

from collections import Counter
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import replace
from itertools import islice

from sqlmodel import Session, select

from archive.duplicates.creatives import find_creatives
from archive.errors import cut_echo
from archive.models import PublicAd
from archive.reading.as_of.moment import Moment
from search.hits import FoundCreatives
from search.question.language import QueryError
from search.question.query import AdQuery, Copies

FOLDED_BY = (
    "Ads whose words are copies with the same names and numbers are one creative; ads without words are one "
    "for each payer and landing address."
)


def settle_copies(session: Session, query: AdQuery, moment: Moment) -> AdQuery:
    """The question with the creative of the ad whose copies it asks for.

    Raises:
        QueryError: if it asks for copies at an earlier moment, or of an ad of which none are known.
    """
    asked = "copy_of" if query.copy_of else "copies" if query.copies is Copies.ONCE else None
    if asked and not moment.is_now:
        clock = "as_of" if moment.as_of else "valid_at"
        raise QueryError(asked, f"copies are known only now; leave out {clock} or {asked}")
    return replace(query, creative=_find_creative(session, query)) if query.copy_of else query


def _find_creative(session: Session, query: AdQuery) -> str:
    named = cut_echo(query.copy_of)
    ad_id = session.exec(select(PublicAd.id).where(PublicAd.public_id == query.copy_of)).first()
    if ad_id is None:
        raise QueryError("copy_of", f"there is no ad {named!r} here")
    if (creative := find_creatives(session, [ad_id]).get(ad_id)) is None:
        raise QueryError("copy_of", f"{named} has not been compared with other ads yet")
    return creative


def fold_page(
    ordered: Iterable[tuple[int, str | None]], ads: Counter[str | None], query: AdQuery
) -> FoundCreatives:
    """What is found of ads in their order, each with its creative; `ads`: how many each creative has."""
    best = islice(_list_best(ordered, ads), query.offset, query.offset + query.limit)
    not_compared = ads[None]
    return FoundCreatives(len(ads.keys() - {None}) + not_compared, not_compared, dict(best))


def _list_best(
    ordered: Iterable[tuple[int, str | None]], ads: Mapping[str | None, int]
) -> Iterator[tuple[int, int]]:
    """The first ad of each creative, and how many it has; one that was not compared stands for itself."""
    seen = set[str]()
    for ad_id, creative in ordered:
        if creative is None:
            yield ad_id, 1
        elif creative not in seen:
            seen.add(creative)
            yield ad_id, ads[creative]
