"""The words of an ad, a list a field, and whether they answer a question: what every search means.

Engines are given these lists, and must find what `answers` finds. A list holds a field's words in order;
then, apart from them and each other, further spellings by which it is found (`archive.text.words`).
"""

from collections.abc import Mapping
from functools import lru_cache

from archive.text.words import list_all_spellings, list_terms
from search.indexed.documents import SearchDocument
from search.question.addresses import join_id
from search.question.filters import NAME_FILTERS
from search.question.language import WORD_LISTS, Question, Term

TEXTS = tuple(name for name in WORD_LISTS if name != "id")
"""The word lists of texts, whose words are offered in place of a misspelt one; an id is no text."""

APART = ""
"""Stands between words that are in no row with each other."""

WordLists = Mapping[str, list[str]]


def cut_lists(document: SearchDocument) -> dict[str, list[str]]:
    """The word lists of a document, by the names in `search.question.language.WORD_LISTS`."""
    texts = {name: getattr(document, name) for name in TEXTS}
    return cut_texts(document.id, document.former_names, texts)


def cut_texts(
    public_id: str, former: Mapping[str, list[str]], texts: Mapping[str, str | None]
) -> dict[str, list[str]]:
    """The same of an ad's texts and former names, by the names of their lists."""
    lists = {
        name: list(_cut_name(text or "")) if name in NAME_FILTERS else cut_words(text or "")
        for name, text in texts.items()
    }
    lists["id"] = cut_ids(public_id)
    for name, names in former.items():
        for each in names:
            lists[name] += [APART, *cut_words(each)]
    return lists


@lru_cache(maxsize=10_000)
def _cut_name(name: str) -> tuple[str, ...]:
    """The same few names stand in most ads."""
    return tuple(cut_words(name))


def cut_ids(public_id: str) -> list[str]:
    """The words of an ad's reference, then its whole id as one."""
    return [*list_terms(public_id.partition(":")[2]), APART, join_id(public_id)]


def cut_words(text: str) -> list[str]:
    """The words of one text, then its further spellings."""
    words, others = list_all_spellings(text)
    for spelling in others:
        words += [APART, spelling]
    return words


def answers(lists: WordLists, question: Question) -> bool:
    """Whether words answer a question."""
    return all(any(has_term(lists, term) for term in group) for group in question)


def has_term(lists: WordLists, term: Term) -> bool:
    """Whether a term holds of words."""
    return any(has_row(lists[name], term) for name in term.lists) is not term.is_not


def has_row(words: list[str], term: Term) -> bool:
    """Whether the words of a term, whether or not it leaves them out, stand in a row."""
    *whole, last = term.words
    if not (whole or term.is_start):
        return last in words
    size = len(whole)
    return any(
        (word == last or (term.is_start and word.startswith(last))) and words[i - size : i] == whole
        for i, word in enumerate(words)
    )
