"""Two texts: what counts as the same, what as a name, and what one is to the other."""

import pytest

from archive.duplicates.comparing import compare_texts
from archive.duplicates.texts import read_text


def relate(one: str, other: str, *names: str) -> str | None:
    texts = [read_text(text, names) for text in (one, other)]
    likeness = compare_texts(*texts)
    return likeness and likeness.relation.value


def mark(text: str, *names: str) -> str:
    return read_text(text, names).marks


HARBOUR = "Tell the council to stop the sale of our harbour before it is too late for our children"


@pytest.mark.parametrize(
    "other",
    [
        HARBOUR.upper(),
        f"⚓ {HARBOUR}!!!",
        f"{HARBOUR} https://give.example/a?ref=17",
        f"{HARBOUR}\nwww.give.example",
        f"harbour.example {HARBOUR}",
        HARBOUR.replace("children", "kids"),
        f"Friends, {HARBOUR}",
        HARBOUR.replace("late", "låte"),
    ],
)
def test_links_signs_capitals_accents_and_few_words_make_no_other_text(other):
    assert relate(HARBOUR, other) == "copy"
    assert relate(other, HARBOUR) == "copy"


@pytest.mark.parametrize(
    ("one", "other"),
    [
        (
            "Tonight we meet in Leeds to talk about rents",
            "Tonight we meet in York to talk about rents",
        ),
        (
            "Chip in $5 before the clock strikes twelve",
            "Chip in $25,000 before the clock strikes twelve",
        ),
        ("Be at the town hall at 7pm to be heard", "Be at the town hall at 11am to be heard"),
        ("On 9 June we vote for clean rivers", "On 26 May we vote for clean rivers"),
        (
            "Nobody fights for jobs in Saltmarsh like Anna Berg, so give her your voice in Saltmarsh",
            "Nobody fights for jobs in Oakby like Jo Hale, so give her your voice in Oakby",
        ),
    ],
)
def test_one_text_with_other_names_or_numbers_is_a_family(one, other):
    assert relate(one, other) == "family"
    assert relate(other, one) == "family"


def test_a_name_in_another_place_is_a_family_and_another_order_of_plain_words_a_copy():
    one = "We say that Leeds beats York in every match that we have seen so far"
    names = "We say that York beats Leeds in every match that we have seen so far"
    plain = "In every match that we have seen so far we say that Leeds beats York"
    assert (relate(one, names), relate(one, plain)) == ("family", "copy")


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ("Vote Harbour", "Vote Meadow"),
        ("Learn more today", "Learn more tomorrow"),
        (HARBOUR, "The council wants to sell the harbour and nobody has asked you"),
        (
            "Ferry fares doubled in two years.\nPaid for by Friends of the Harbour, not by any candidate.",
            "Our schools are falling apart again.\nPaid for by Friends of the Harbour, not by any candidate.",
        ),
    ],
)
def test_short_texts_and_texts_that_share_a_legal_line_are_neither(one, other):
    assert relate(one, other) is None


def test_of_short_texts_equal_ones_are_copies():
    assert relate("Vote Harbour", "VOTE HARBOUR! https://harbour.example") == "copy"


@pytest.mark.parametrize(
    ("text", "names", "marks"),
    [
        ("Leeds votes. York waits, says Anna", (), ".....c"),
        ("we meet at 7pm on 9 June", (), "...0.0c"),
        ("PROTECT OUR KIDS FROM THE LEFT", (), "......"),
        ("Protect Our Kids and Schools From the Left", (), "........"),
        ("nobody in greenfield was asked", ("Greenfield Residents",), "..k.."),
        ("in the end they will vote", ("Vote for the End",), "..k..k"),
        ("wir fahren nach polen", (), "...k"),
        ("सब लोग भारत में", (), "..k."),
    ],
)
def test_names_are_told_by_capitals_the_ads_own_fields_and_lists_of_countries(text, names, marks):
    assert mark(text, *names) == marks


def test_a_text_of_links_alone_has_no_words():
    assert read_text("https://harbour.example/a www.meadow.example knockthe.vote") is None
    assert read_text(" \n!") is None


def test_nouns_of_german_are_no_names_by_their_capitals_alone():
    start = "Wir wollen mehr {} in unserem Land und nicht noch mehr {} auf den Straßen"
    texts = [
        read_text(start.format(*nouns)) for nouns in (("Schulen", "Autos"), ("Bäume", "Löcher"))
    ]
    assert texts[0].frame_hash != texts[1].frame_hash
