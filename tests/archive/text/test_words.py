"""What a word is: the table in docs/write-a-rule.md, row by row, and terms found in texts."""

import re
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from archive.text.words import (
    frame_words,
    join_terms,
    list_all_spellings,
    list_other_spellings,
    list_terms,
    split_words,
)

PAGE = Path(__file__).parents[3] / "docs" / "write-a-rule.md"
SECTION = PAGE.read_text(encoding="utf-8").partition("## What a word is")[2].partition("\n## ")[0]
ROWS = re.findall(r"^\| `(.+?)` \| (?:`(.+?)`|no word) \|$", SECTION, re.MULTILINE)


def test_the_table_has_the_words_people_ask_about() -> None:
    asked = {"🔥", "C++", "R&D", "88B", "1,204", "#tag", "don't", "教育", "İstanbul"}
    assert asked <= {text for text, _ in ROWS}


@pytest.mark.parametrize(("text", "words"), ROWS)
def test_a_row_of_the_table_is_so(text: str, words: str) -> None:
    assert frame_words(text).split() == words.split()
    assert frame_words(f"before {text} after") == f" {' '.join(f'before {words} after'.split())} "


@pytest.mark.parametrize(
    ("term", "text", "is_in"),
    [
        ("where to vote", "Find out WHERE to\n vote!", True),
        ("vote", "Votes for devoted voters", False),
        ("1204", "1,204 votes", True),
        ("1,204", "he had 1204.", True),
        ("204", "1,204 votes", False),
        ("教育", "我们的教育。", True),
        ("育教", "教育", False),
        ("r&d", "R & D", True),
    ],
)
def test_a_term_is_in_a_text_as_whole_words_in_a_row(term: str, text: str, is_in: bool) -> None:
    assert (frame_words(term) in frame_words(text)) is is_in


@given(st.text(), st.text(), st.text())
def test_what_stands_between_words_of_other_texts_is_found(
    before: str, term: str, after: str
) -> None:
    if join_terms(term):
        assert frame_words(term) in frame_words(f"{before} . {term} . {after}")


def test_a_text_without_words_is_known_to_have_none_and_no_text_is_nothing() -> None:
    assert frame_words("🔥").strip() == ""
    assert frame_words("🔥") != ""
    assert frame_words(" \n") == ""


@given(st.text() | st.text(st.characters(codec="ascii")) | st.from_regex(r"[1-9],[0-9]{3}"))
def test_however_words_are_listed_they_are_the_same(text: str) -> None:
    assert list_terms(text) == [word.term for word in split_words(text)]
    assert list_all_spellings(text) == (list_terms(text), list_other_spellings(text))
