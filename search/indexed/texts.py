"""Whether the texts of an ad answer a question, without cutting what need not be cut into words.

Means what `search.indexed.word_lists.answers` means of the same texts: in ASCII a word is its letters in
lower case, and whatever is neither letter nor digit parts words, so that a pattern tells. Rows of the archive
are judged here, by search as of a time and where an engine cannot tell.
"""

import re
from collections.abc import Mapping, Sequence
from functools import lru_cache
from typing import cast

from sqlalchemy import select
from sqlmodel import Session, col

from archive.models import PublicAd
from archive.store.batches import cut_batches
from search.indexed.beside import NAMES_OF, Beside, read_beside
from search.indexed.rows import choose_columns
from search.indexed.shown import (
    clean_name,
    join_body,
    join_landing,
    join_picture,
    join_title,
    list_former_names,
)
from search.indexed.word_lists import cut_ids, cut_words, has_row
from search.question.language import WORD_LISTS, Question, Term

WORD_COLUMNS = ("titles", "bodies", "descriptions", "landing_urls")
BESIDE_COLUMNS = ("id", "public_id", "source", "versions", "missing", *NAMES_OF.values())

Texts = Mapping[str, Sequence[str]]
"""The texts of an ad, former names included, by the names of their word lists."""


def list_answering(session: Session, ad_ids: Sequence[int], question: Question) -> list[int]:
    """Those of some ads that answer a question as they are now."""
    columns = choose_columns((*BESIDE_COLUMNS, *WORD_COLUMNS))
    found = []
    for some in cut_batches(ad_ids):
        rows = session.connection().execute(select(*columns).where(col(PublicAd.id).in_(some)))
        # A row has the attributes that were asked for; making the object would take longer.
        ads = [cast("PublicAd", row) for row in rows]
        beside = read_beside(session, ads)
        found += [ad.id for ad in ads if answers_row(ad, beside, question)]
    return found


def answers_row(ad: PublicAd, beside: Beside, question: Question) -> bool:
    """Whether an ad answers a question; where there is one, it has at least the columns named above."""
    if not question:
        return True
    texts = join_all_texts(ad, beside)
    return all(any(_has_term(texts, ad.public_id, term) for term in group) for group in question)


def list_matched(ad: PublicAd, beside: Beside, question: Question) -> list[str]:
    """The word lists of an ad in which something stands that is asked for."""
    texts = join_all_texts(ad, beside)
    terms = [term for group in question for term in group if not term.is_not]
    return [
        name
        for name in WORD_LISTS
        if any(name in term.lists and _stands_in(texts, ad.public_id, name, term) for term in terms)
    ]


def join_all_texts(ad: PublicAd, beside: Beside) -> Texts:
    """The texts of an ad that has at least those columns."""
    texts: dict[str, list[str]] = {
        "title": [join_title(ad)],
        "body": [join_body(ad)],
        "picture": [join_picture(ad, beside)],
        "landing": [join_landing(ad)],
    }
    former = list_former_names(ad, beside)
    for name, column in NAMES_OF.items():
        texts[name] = [clean_name(getattr(ad, column)) or "", *former.get(name, ())]
    return texts


def _has_term(texts: Texts, public_id: str, term: Term) -> bool:
    holds = any(_stands_in(texts, public_id, name, term) for name in term.lists)
    return holds is not term.is_not


def _stands_in(texts: Texts, public_id: str, name: str, term: Term) -> bool:
    if name == "id":
        return has_row(cut_ids(public_id), term)
    return any(_holds(text, term) for text in texts[name])


def _holds(text: str, term: Term) -> bool:
    # A number alone may be written with its thousands apart.
    is_number = len(term.words) == 1 and any(map(str.isdigit, term.words[0]))
    if text.isascii() and not is_number:
        return spell_pattern(term).search(text.lower()) is not None
    return has_row(cut_words(text), term)


@lru_cache(maxsize=1_000)
def spell_pattern(term: Term) -> re.Pattern[str]:
    """A term as a pattern for ASCII text in lower case."""
    words = r"[^a-z0-9]+".join(map(re.escape, term.words))
    return re.compile(rf"(?<![a-z0-9]){words}{'' if term.is_start else '(?![a-z0-9])'}")
