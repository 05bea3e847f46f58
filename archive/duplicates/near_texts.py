"""Finds among the kept texts those that are like given ones; asks by bands and compares what they name."""

from collections import defaultdict
from collections.abc import Collection, Iterable, Iterator, Mapping
from dataclasses import dataclass

from sqlalchemy import func
from sqlmodel import Session, col, select

from archive.duplicates.bands import may_be_alike
from archive.duplicates.comparing import Likeness, compare_texts
from archive.duplicates.texts import ComparedText, restore_text
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


def load_texts(session: Session, ids: Iterable[int]) -> dict[int, KeptText]:
    """Kept texts by their ids."""
    return {
        row.id: KeptText(row.id, row.creative, restore_text(row.words, row.marks))
        for some in cut_batches(sorted(ids))
        for row in session.connection().execute(
            select(
                col(ShownText.id), col(ShownText.words), col(ShownText.marks), ShownText.creative
            ).where(col(ShownText.id).in_(some))
        )
    }


def find_near(
    session: Session, texts: Mapping[int, KeptText]
) -> Iterator[tuple[KeptText, KeptText, Likeness]]:
    """Each of the texts with each one that is like it, among all that are kept; no pair twice."""
    places: defaultdict[int, list[int]] = defaultdict(list)
    for each in texts.values():
        for key in each.text.bands:
            places[key].append(each.id)
    met: set[tuple[int, int]] = set()
    for key, text_id in _list_members(session, places):
        met.update((given, text_id) for given in places[key])
    sketches = _load_sketches(session, {other for _, other in met})
    near = [
        (given, other)
        for given, other in met
        if (given < other or other not in texts)
        and may_be_alike(texts[given].text.sketch, sketches[other])
    ]
    others = load_texts(session, {other for _, other in near} - texts.keys()) | dict(texts)
    for given, other in near:
        likeness = compare_texts(texts[given].text, others[other].text)
        if likeness is not None:
            yield texts[given], others[other], likeness


def _load_sketches(session: Session, ids: Iterable[int]) -> dict[int, bytes]:
    query = select(ShownText.id, ShownText.sketch)
    return {
        text_id: sketch
        for some in cut_batches(sorted(ids))
        for text_id, sketch in session.exec(query.where(col(ShownText.id).in_(some)))
    }


def find_turned(session: Session, moved: Mapping[int, int]) -> set[int]:
    """Bands that fill up, or do so no more, when so many texts come to them or go."""
    counts = _count_members(session, moved)
    return {
        key
        for key, more in moved.items()
        if (counts.get(key, 0) > MOST_IN_BAND) != (counts.get(key, 0) + more > MOST_IN_BAND)
    }


def _count_members(session: Session, keys: Collection[int]) -> dict[int, int]:
    counted = select(col(TextBand.key), func.count()).group_by(col(TextBand.key))
    return {
        key: count
        for some in cut_batches(sorted(keys))
        for key, count in session.exec(counted.where(col(TextBand.key).in_(some)))
    }


def _list_members(session: Session, keys: Collection[int]) -> Iterator[tuple[int, int]]:
    """The texts that have one of these bands, but for bands that too many have."""
    key, text_id = col(TextBand.key), col(TextBand.text_id)
    counted = select(key, func.count(), func.min(text_id), func.max(text_id)).group_by(key)
    several = []
    for some in cut_batches(sorted(keys)):
        for held, count, first, last in session.exec(counted.where(key.in_(some))):
            if count > 2:
                several += [held] if count <= MOST_IN_BAND else []
            else:
                # Most bands are those of one text or two.
                yield from ((held, member) for member in {first, last})
    for some in cut_batches(several):
        yield from session.exec(select(key, text_id).where(key.in_(some)))
