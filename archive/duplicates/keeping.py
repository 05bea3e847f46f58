"""The tables of texts, kept in step with what ads show: rows come and go, creatives follow."""

from collections import Counter
from collections.abc import Collection, Iterable, Mapping
from typing import NamedTuple

from sqlalchemy import delete, func
from sqlmodel import Session, col, select

from archive.duplicates.creatives import (
    find_creatives,
    join_copies,
    list_ads_of,
    list_texts_of,
)
from archive.duplicates.near_texts import KeptText, find_turned, load_texts
from archive.duplicates.texts import ComparedText
from archive.models import AdText, ShownText, TextBand
from archive.store.batches import cut_batches
from archive.store.bulk import insert_rows, table_of

Held = tuple[int | None, str | None]
"""The text of an ad, or without words its creative, as its row has them."""


class ShownWords(NamedTuple):
    """What an ad shows: a text, or without words the creative it belongs to."""

    text: ComparedText | None
    creative: str | None


def keep_texts(session: Session, shown: Mapping[int, ShownWords | None]) -> set[int]:
    """Let the tables say what these ads show, by our ids; `None`: such an ad is not there any more.

    Gives the ads that are of another creative now, others than these too.
    """
    before, creatives = _list_held(session, shown), find_creatives(session, shown)
    texts = [words.text for words in shown.values() if words and words.text]
    ids = _find_ids(session, texts)
    new = _number_new(session, [text for text in texts if text not in ids])
    ids |= {text: text_id for text_id, text in new.items()}
    after: dict[int, Held] = {
        ad_id: (ids[words.text] if words.text else None, words.creative)
        for ad_id, words in shown.items()
        if words
    }
    moved = [ad_id for ad_id in shown if before.get(ad_id) != after.get(ad_id)]
    _write_ads(session, moved, after)
    left = {text_id for ad_id in moved if ad_id in before if (text_id := before[ad_id][0])}
    changed = _change_texts(session, new, left - _list_used(session, left))
    others = list_ads_of(session, changed) - shown.keys()
    now = find_creatives(session, shown)
    return others | {ad_id for ad_id in shown if creatives.get(ad_id) != now.get(ad_id)}


def _list_held(session: Session, ad_ids: Collection[int]) -> dict[int, Held]:
    query = select(AdText.ad_id, AdText.text_id, AdText.creative)
    return {
        ad_id: (text_id, creative)
        for some in cut_batches(sorted(ad_ids))
        for ad_id, text_id, creative in session.exec(query.where(col(AdText.ad_id).in_(some)))
    }


def _find_ids(session: Session, texts: Iterable[ComparedText]) -> dict[ComparedText, int]:
    """Those of the texts that are kept, with their ids."""
    wanted = {(text.words_hash, text.marks): text for text in texts}
    query = select(ShownText.id, ShownText.words_hash, ShownText.marks)
    found = (
        row
        for some in cut_batches(sorted({words_hash for words_hash, _ in wanted}))
        for row in session.exec(query.where(col(ShownText.words_hash).in_(some)))
    )
    return {wanted[key]: text_id for text_id, *pair in found if (key := tuple(pair)) in wanted}


def _number_new(session: Session, texts: Iterable[ComparedText]) -> dict[int, ComparedText]:
    highest = session.exec(select(func.max(ShownText.id))).one() or 0
    return dict(enumerate(dict.fromkeys(texts), highest + 1))


def _write_ads(session: Session, ad_ids: Collection[int], held: Mapping[int, Held]) -> None:
    for some in cut_batches(sorted(ad_ids)):
        session.connection().execute(delete(AdText).where(col(AdText.ad_id).in_(some)))
    rows = ((ad_id, *held[ad_id]) for ad_id in ad_ids if ad_id in held)
    insert_rows(session, table_of(AdText), ("ad_id", "text_id", "creative"), rows)


def _list_used(session: Session, text_ids: Collection[int]) -> set[int | None]:
    query = select(AdText.text_id).distinct()
    return {
        text_id
        for some in cut_batches(sorted(text_ids))
        for text_id in session.exec(query.where(col(AdText.text_id).in_(some)))
    }


def _change_texts(
    session: Session, new: Mapping[int, ComparedText], unused: Collection[int]
) -> set[int]:
    """Add and take away texts, and find the creatives of all whose copies that touches; gives those."""
    gone = load_texts(session, unused)
    moved = Counter(key for text in new.values() for key in text.bands)
    moved.subtract(key for kept in gone.values() for key in kept.text.bands)
    # A band that fills up, or does so no more, parts or joins all who have it.
    turned = find_turned(session, moved)
    _take_away(session, gone)
    _add_texts(session, new)
    parted = {kept.creative for kept in gone.values()} | _list_creatives(session, turned)
    return join_copies(session, new.keys() | list_texts_of(session, parted))


def _take_away(session: Session, gone: Mapping[int, KeptText]) -> None:
    for text_id, kept in gone.items():
        mine = (col(TextBand.key).in_(kept.text.bands), col(TextBand.text_id) == text_id)
        session.connection().execute(delete(TextBand).where(*mine))
    for some in cut_batches(sorted(gone)):
        session.connection().execute(delete(ShownText).where(col(ShownText.id).in_(some)))


def _add_texts(session: Session, new: Mapping[int, ComparedText]) -> None:
    names = ("id", "words", "marks", "words_hash", "frame_hash", "sketch", "creative")
    rows = (
        (text_id, " ".join(t.words), t.marks, t.words_hash, t.frame_hash, t.sketch, t.words_hash)
        for text_id, t in new.items()
    )
    insert_rows(session, table_of(ShownText), names, rows)
    found_by = ((key, text_id) for text_id, text in new.items() for key in text.bands)
    insert_rows(session, table_of(TextBand), ("key", "text_id"), found_by)


def _list_creatives(session: Session, keys: Collection[int]) -> set[str]:
    """The creatives of all texts that have one of these bands."""
    having = select(ShownText.creative).join(TextBand, col(TextBand.text_id) == ShownText.id)
    return {
        creative
        for some in cut_batches(sorted(keys))
        for creative in session.exec(having.where(col(TextBand.key).in_(some)))
    }
