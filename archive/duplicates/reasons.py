"""Why two ads are alike, in plain words, from what both show at this moment."""

from collections.abc import Mapping, Sequence
from typing import Any

from archive.duplicates.comparing import (
    Likeness,
    Relation,
    compare_texts,
    share_pairs,
    tell_difference,
)
from archive.duplicates.texts import ComparedText, join_texts, read_ad, spell_words
from config.counts import write_count

MOST_WORDS = 8
"""So many of the words that differ are said, of each ad."""

OF_ADS = ("this one says", "the other says")


def tell_pair(
    this: Mapping[str, Any], other: Mapping[str, Any], who: tuple[str, str] = OF_ADS
) -> str | None:
    """By what an ad is like this one, and what differs; `None`: they are not alike any more.

    `who`: what comes before the words that only the one has, and before those of the other.
    """
    one, two = read_ad(this), read_ad(other)
    texts = join_texts(this), join_texts(other)
    likeness = _compare(one, two) if one and two else None
    if likeness is None:
        return None
    said = (
        _quote(likeness.only_one, texts[0], who[0]),
        _quote(likeness.only_other, texts[1], who[1]),
    )
    differ = "; ".join(filter(None, said))
    if not differ:
        is_equal = texts[0] == texts[1]
        return (
            "the same text"
            if is_equal
            else "the same words: links, signs, capitals or order differ"
        )
    if likeness.relation is Relation.FAMILY:
        return f"one text with other names or numbers: {differ}"
    return f"{likeness.shared:.0%} of word pairs are the same: {differ}"


def _compare(one: ComparedText, other: ComparedText) -> Likeness | None:
    if one.words != other.words and one.frame_hash == other.frame_hash is not None:
        return tell_difference(one, other, share_pairs(one.pairs, other.pairs))
    return compare_texts(one, other)


def _quote(words: Sequence[str], text: str, who: str) -> str:
    spelled = spell_words(text)
    quoted = [f"“{spelled.get(word, word)}”" for word in words[:MOST_WORDS]]
    if len(words) > MOST_WORDS:
        quoted.append(write_count(len(words) - MOST_WORDS, "more word"))
    return f"{who} {', '.join(quoted)}" if quoted else ""
