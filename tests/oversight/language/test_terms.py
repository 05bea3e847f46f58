"""`has_term`: a search for whole words, in plain CEL."""

import pytest

from archive.text.words import frame_words
from oversight.language import FactType, RuleSyntaxError, compile_node, parse_expression
from oversight.language.parse import find_misuses
from oversight.language.writing import write_out
from tests.oversight.language.test_oracle import ask_oracle

FACTS = {
    "ad.text": FactType.STRING,
    "ad.text_words": FactType.STRING,
    "ad.payer_name": FactType.STRING,
}


@pytest.mark.parametrize(
    ("text", "is_in"),
    [
        ("VOTE—for us", True),
        ("devote for us", False),
        ("vote\u00a0for", True),
        ("🔥", False),
        (None, None),
    ],
)
def test_a_term_is_looked_for_as_whole_words_by_every_engine(
    text: str | None, is_in: bool | None
) -> None:
    condition = "ad.text.has_term('Vote for')"
    facts = {} if text is None else {"ad.text_words": frame_words(text)}
    assert compile_node(parse_expression(condition, FACTS)).answer(facts) is is_in
    assert ask_oracle(write_out(condition, FACTS).cel, facts) is is_in
    assert find_misuses(condition, FACTS) == []


@pytest.mark.parametrize(
    ("text", "why"),
    [
        ('ad.text.has_term("🔥")', "there is no word in “🔥”"),
        ('ad.payer_name.has_term("vote")', "has_term() is for ad.text"),
        ("ad.text.has_term(ad.payer_name)", "takes one text in quotes"),
        ('ad.text.has_term("a\\"b")', "takes one text in quotes"),
    ],
)
def test_a_term_is_one_written_text_with_a_word_in_it(text: str, why: str) -> None:
    with pytest.raises(RuleSyntaxError) as refused:
        parse_expression(text, FACTS)
    assert why in refused.value.why
