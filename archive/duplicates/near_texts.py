"""Finds among the kept texts those that are like given ones; asks by bands and compares what they name."""

from collections import defaultdict
from collections.abc import Collection, Iterable, Iterator, Mapping
from dataclasses import dataclass

from sqlalchemy import func
from sqlmodel import Session, col, select

from archive.duplicates.comparing import Comparison, compare_texts, hash_pairs, list_bands
from archive.duplicates.texts import ComparedText
from archive.models import ShownText, TextBand
from archive.store.batches import cut_batches

MOST_IN_BAND = 64
"""What more texts share says nothing of two of them; those are found by another band, or by their frame."""


@dataclass(frozen=True)
class KeptText:
    """A text that is kept, ready to be compared."""

    id: int
    creative: str
    text: ComparedText
    pairs: frozenset[int]


def load_texts(session: Session, ids: Iterable[int]) -> dict[int, KeptText]:
    """Kept texts by their ids."""
    return {
        row.id: keep_text(row.id, ComparedText.restore(row.words, row.marks), row.creative)
        for some in cut_batches(sorted(ids))
        for row in session.connection().execute(
            select(
                col(ShownText.id), col(ShownText.words), col(ShownText.marks), ShownText.creative
            ).where(col(ShownText.id).in_(some))
        )
    }


def keep_text(id_: int, text: ComparedText, creative: str = "") -> KeptText:
    """A text ready to be compared, also one that is not kept yet."""
    return KeptText(id_, creative, text, hash_pairs(text))


def find_near(
    session: Session, texts: Mapping[int, KeptText]
) -> Iterator[tuple[KeptText, KeptText, Comparison]]:
    """Each of the texts with each one that is like it, among all that are kept; equal ones too.

    A pair of two of the given texts comes twice.
    """
    places: defaultdict[int, list[int]] = defaultdict(list)
    for each in texts.values():
        for key in list_bands(each.pairs):
            places[key].append(each.id)
    met: defaultdict[int, set[int]] = defaultdict(set)
    for key, text_id in _list_members(session, places):
        for given in places[key]:
            met[given].add(text_id)
    others = load_texts(session, set().union(*met.values()) - texts.keys()) | dict(texts)
    for given, found in met.items():
        one = texts[given]
        for other in (others[text_id] for text_id in found - {given}):
            comparison = compare_texts(one.text, other.text, one.pairs, other.pairs)
            if comparison is not None:
                yield one, other, comparison


def count_members(session: Session, keys: Collection[int]) -> dict[int, int]:
    """How many texts have each of these bands; of none that nobody has."""
    counted = select(col(TextBand.key), func.count()).group_by(col(TextBand.key))
    return {
        key: count
        for some in cut_batches(sorted(keys))
        for key, count in session.exec(counted.where(col(TextBand.key).in_(some)))
    }


def find_full(session: Session, keys: Collection[int]) -> set[int]:
    """Those of the bands that too many texts have."""
    return {key for key, count in count_members(session, keys).items() if count > MOST_IN_BAND}


def _list_members(session: Session, keys: Collection[int]) -> Iterator[tuple[int, int]]:
    """The texts that have one of these bands, but for bands that too many have."""
    asked = set(keys) - find_full(session, keys)
    query = select(TextBand.key, TextBand.text_id)
    for some in cut_batches(sorted(asked)):
        yield from session.connection().execute(query.where(col(TextBand.key).in_(some)))
