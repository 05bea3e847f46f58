"""An ad becomes a document: keys every engine takes, words of addresses, texts that cannot harm."""

import re

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from archive.text.words import fold_word, join_terms, split_words
from search.answering.snippets import mark_text
from search.hits import MARK_END, MARK_START
from search.indexed.documents import LONGEST_KEY, encode_key
from search.port import SearchEngine
from search.question.addresses import read_address
from tests.search.conftest import SearchArchive, make_ad


@given(st.text(max_size=200), st.text(max_size=200))
def test_keys_are_safe_letters_and_no_two_ads_share_one(one, other):
    keys = [encode_key(f"example:{ref}") for ref in (one, other) if ref.isprintable()]
    assert all(re.fullmatch(r"[A-Za-z0-9_-]+", key) and len(key) <= LONGEST_KEY for key in keys)
    assert len(set(keys)) == len({ref for ref in (one, other) if ref.isprintable()})


@pytest.mark.parametrize(
    ("address", "words"),
    [
        ("https://www.example.org/climate-action?utm_source=x", "example.org climate action"),
        ("example.org/SaveTheBees/now.html", "example.org save the bees now html"),
        ("https://example.org/%C3%A9cole/", "example.org école"),
        ("example.org", "example.org"),
        ("https://[broken/ipv6", "https://[broken/ipv6"),
        ("", ""),
    ],
)
def test_an_address_reads_as_its_host_and_the_words_of_its_path(address, words):
    assert read_address(address).casefold() == words


def test_marks_and_nul_bytes_in_an_ad_cannot_pretend_to_be_matches(
    search: SearchEngine, search_archive: SearchArchive
):
    search_archive.add(make_ad("a", f"harbour {MARK_START}fake{MARK_END}\x00 quay"))
    search_archive.sync(search)
    assert (
        search_archive.ask(search, "harbour").hits[0].snippet
        == f"{MARK_START}harbour{MARK_END} fake quay"
    )


@pytest.mark.parametrize(
    ("word", "term"),
    [
        ("Łódź", "lodz"),
        ("Straße", "strasse"),
        ("Ørsted", "orsted"),
        ("İstanbul", "istanbul"),
        ("𝐂𝐋𝐈𝐌𝐀𝐓𝐄", "climate"),
        ("مُناخ", "مناخ"),
        ("हिंदी", "हिंदी"),
    ],
)
def test_spellings_of_one_word_are_one(word, term):
    assert fold_word(word) == term


@example("\u0e19\u0e33")
@given(st.text())
def test_folding_twice_changes_nothing(text):
    assert join_terms(join_terms(text)) == join_terms(text)


@given(st.text())
def test_marks_add_nothing_but_themselves(text):
    plain = text.replace(MARK_START, "").replace(MARK_END, "")
    words = split_words(plain)
    marked = mark_text(plain, words, {i for i, word in enumerate(words) if "a" in word.term})
    unmarked = marked.replace(MARK_START, "").replace(MARK_END, "")
    assert unmarked.strip("…") in plain
    assert marked.count(MARK_START) == marked.count(MARK_END)


@pytest.mark.parametrize(
    ("written", "is_found"),
    [
        ("taxes", True),
        ("taxse", True),
        ("taxees", True),
        ("faxes", True),
        ("faxed", False),
        ("taxe", False),
        ("parlaiment", True),
        ("parlaimnet", True),
        ("prlaimnet", False),
        ("20262", True),
        ("20226", False),
    ],
)
def test_a_letter_or_two_may_be_wrong_by_the_length_of_the_word(
    search_archive: SearchArchive, embedded: SearchEngine, written: str, is_found: bool
):
    search_archive.add(make_ad("a", "taxes of the parliament, 20262"))
    search_archive.sync(embedded)
    page = search_archive.ask_like(embedded, written)
    assert bool(page.total or page.near) is is_found
