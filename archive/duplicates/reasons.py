"""Why two ads are alike, in plain words, from what both show at this moment."""

from collections.abc import Mapping, Sequence
from typing import Any

from archive.duplicates.comparing import (
    Comparison,
    Relation,
    compare_texts,
    hash_pairs,
    share_pairs,
    tell_difference,
)
from archive.duplicates.texts import ComparedText, read_names, read_text, spell_words
from config.counts import write_count

MOST_WORDS = 8
"""So many of the words that differ are said, of each ad."""


def tell_pair(this: Mapping[str, Any], other: Mapping[str, Any]) -> str | None:
    """By what an ad is like this one, and what differs; `None`: they are not alike any more."""
    one, two = (read_text(ad["text"], read_names(ad)) for ad in (this, other))
    comparison = _compare(one, two) if one and two else None
    if comparison is None:
        return None
    if comparison.shared == 1 and not (comparison.only_one or comparison.only_other):
        is_equal = this["text"] == other["text"]
        return (
            "the same text"
            if is_equal
            else "the same words; links, signs, capitals or order differ"
        )
    said = (
        _quote(comparison.only_one, this["text"], "this one says"),
        _quote(comparison.only_other, other["text"], "the other says"),
    )
    differ = "; ".join(filter(None, said)) or "the order of words differs"
    if comparison.relation is Relation.FAMILY:
        return f"one text with other names or numbers: {differ}"
    return f"{comparison.shared:.0%} of word pairs are the same: {differ}"


def _compare(one: ComparedText, other: ComparedText) -> Comparison | None:
    pairs = hash_pairs(one), hash_pairs(other)
    is_framed = one.words != other.words and one.find_frame() == other.find_frame() is not None
    if is_framed:
        return tell_difference(one, other, share_pairs(*pairs))
    return compare_texts(one, other, *pairs)


def _quote(words: Sequence[str], text: str, who: str) -> str:
    spelled = spell_words(text)
    quoted = [f"“{spelled.get(word, word)}”" for word in words[:MOST_WORDS]]
    if len(words) > MOST_WORDS:
        quoted.append(write_count(len(words) - MOST_WORDS, "more word"))
    return f"{who} {', '.join(quoted)}" if quoted else ""
