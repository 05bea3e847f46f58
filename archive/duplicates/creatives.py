"""The creative of each ad: one number for all copies of a text that give the same names and numbers.

Search asks by `find_creatives` to show one creative once. The number is the least hash of its texts, so that
it does not hang on the order in which they came.
"""

from collections import defaultdict
from collections.abc import Collection, Iterable, Iterator, Mapping

from sqlalchemy import func
from sqlmodel import Session, col, select

from archive.duplicates.comparing import Relation
from archive.duplicates.near_texts import KeptText, find_near, load_texts
from archive.models import AdText, ShownText
from archive.store.batches import cut_batches
from archive.store.bulk import table_of, update_rows

TEXTS_AT_ONCE = 2_000


def find_creatives(session: Session, ad_ids: Collection[int]) -> dict[int, str]:
    """The creative of each of the ads, by our ids; an ad that nobody has compared yet is not in it."""
    query = select(AdText.ad_id, func.coalesce(ShownText.creative, AdText.creative)).outerjoin(
        ShownText, col(ShownText.id) == col(AdText.text_id)
    )
    return {
        ad_id: creative
        for some in cut_batches(sorted(ad_ids))
        for ad_id, creative in session.exec(query.where(col(AdText.ad_id).in_(some)))
    }


def list_ads_of(session: Session, text_ids: Collection[int]) -> set[int]:
    """Our ids of the ads that show one of these texts."""
    showing = select(AdText.ad_id)
    return {
        ad_id
        for some in cut_batches(sorted(text_ids))
        for ad_id in session.exec(showing.where(col(AdText.text_id).in_(some)))
    }


def list_texts_of(session: Session, creatives: Collection[str]) -> set[int]:
    """Ids of the texts that belong to one of these creatives."""
    return {
        text_id
        for some in cut_batches(sorted(creatives))
        for text_id in session.exec(select(ShownText.id).where(col(ShownText.creative).in_(some)))
    }


def join_copies(session: Session, ids: Iterable[int]) -> set[int]:
    """Give each of these texts its creative; those of other texts that are copies of them move along.

    Gives the texts that have another one now. Where a creative may fall apart, all of its texts are given.
    """
    waiting = sorted(ids)
    groups = _Groups()
    given: dict[int, KeptText] = {}
    for begin in range(0, len(waiting), TEXTS_AT_ONCE):
        texts = load_texts(session, waiting[begin : begin + TEXTS_AT_ONCE])
        _join_some(session, texts, frozenset(waiting), groups)
        given |= texts
    changed = list(_list_changed(session, given, groups))
    update_rows(session, table_of(ShownText), ("id", "creative"), changed)
    return {text_id for text_id, _ in changed}


def _join_some(
    session: Session, texts: dict[int, KeptText], joined: frozenset[int], groups: "_Groups"
) -> None:
    """Put each text into one group with its copies; of one that stays as it is its creative stands for it."""

    def name(text_id: int, creative: str) -> int | str:
        return text_id if text_id in joined else creative

    same = defaultdict(list)
    for kept in texts.values():
        same[kept.text.words_hash].append(kept.id)
    query = select(ShownText.id, ShownText.words_hash, ShownText.creative)
    for some in cut_batches(sorted(same)):
        for text_id, words_hash, creative in session.exec(
            query.where(col(ShownText.words_hash).in_(some))
        ):
            groups.join(same[words_hash][0], name(text_id, creative))
    for one, other, likeness in find_near(session, texts):
        if likeness.relation is Relation.COPY and not likeness.names_differ:
            groups.join(one.id, name(other.id, other.creative))


def _list_changed(
    session: Session, given: Mapping[int, KeptText], groups: "_Groups"
) -> Iterator[tuple[int, str]]:
    """The texts whose creative is another one now."""
    for members in groups.list_all():
        texts = [given[member] for member in members if isinstance(member, int)]
        stood = {member for member in members if isinstance(member, str)}
        creative = min(stood.union(kept.text.words_hash for kept in texts))
        yield from ((kept.id, creative) for kept in texts if kept.creative != creative)
        moved = list_texts_of(session, stood - {creative})
        yield from ((text_id, creative) for text_id in moved - given.keys())


class _Groups:
    """What hangs together, found by joining pairs."""

    def __init__(self) -> None:
        self._above: dict[int | str, int | str] = {}

    def join(self, one: int | str, other: int | str) -> None:
        self._above[self._find(one)] = self._find(other)

    def list_all(self) -> list[list[int | str]]:
        groups: defaultdict[int | str, list[int | str]] = defaultdict(list)
        for member in self._above:
            groups[self._find(member)].append(member)
        return list(groups.values())

    def _find(self, member: int | str) -> int | str:
        above = self._above.setdefault(member, member)
        while above != self._above[above]:
            self._above[above] = self._above[self._above[above]]
            above = self._above[above]
        self._above[member] = above
        return above
