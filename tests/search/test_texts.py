"""What a pattern tells of a text is what its words tell."""

from hypothesis import given
from hypothesis import strategies as st

from search.indexed.texts import _holds
from search.indexed.word_lists import cut_words, has_row
from search.question.language import Term

pieces = st.sampled_from(
    [
        *(
            "clean",
            "Clean",
            "air",
            "cleaner",
            "a",
            "1,204",
            "204",
            "1204",
            "x_y",
            "d'or",
            "é",
            "Łódź",
        ),
        *(" ", "  ", "-", "_", ",", "\n", "\x00", ".", "’", "\u200d", "İ"),
    ]
)
words = st.sampled_from(["clean", "air", "a", "1", "204", "1204", "x", "y", "d", "or", "e", "lodz"])
terms = st.builds(
    lambda row, is_start: Term(tuple(row), is_start=is_start),
    st.lists(words, min_size=1, max_size=3),
    st.booleans(),
)


@given(st.lists(pieces, max_size=8).map("".join), terms)
def test_a_text_holds_a_term_where_its_words_do(text, term):
    assert _holds(text, term) == has_row(cut_words(text), term)
