"""What a question means is said in one place, and what looks like another language is refused."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from archive.text.words import split_words
from search.question.language import (
    MOST_WORDS,
    WORD_FIELDS,
    QueryError,
    Term,
    read_question,
    spell_question,
)


def word(*words, **values):
    return Term(words, **values)


@pytest.mark.parametrize(
    ("text", "question"),
    [
        ("", ()),
        ("clean air", ((word("clean"),), (word("air"),))),
        ('"clean air"', ((word("clean", "air", is_exact=True),),)),
        ("„Clean Air“", ((word("clean", "air", is_exact=True),),)),
        ("a -b", ((word("a"),), (word("b", is_not=True),))),
        ("-b", ((word("b", is_not=True),),)),
        ("a OR b c", ((word("a"), word("b")), (word("c"),))),
        ("a OR -b", ((word("a"), word("b", is_not=True)),)),
        ("a or b", ((word("a"),), (word("or"),), (word("b"),))),
        ("econom*", ((word("econom", is_start=True),),)),
        ("payer:harbour", ((word("harbour", field="payer"),),)),
        (
            '-Payer:"The Harbour"',
            ((word("the", "harbour", field="payer", is_not=True, is_exact=True),),),
        ),
        ("教育", ((word("教", "育"),),)),
        ("d'or 10:30", ((word("d", "or"),), (word("10", "30"),))),
        ("vote! – now", ((word("vote"),), (word("now"),))),
        ("✅ lower £350", ((word("lower"),), (word("350"),))),
        ("Note: this", ((word("note"),), (word("this"),))),
        ("C++ (draft)", ((word("c"),), (word("draft"),))),
        ("meta:77001", ((word("meta77001", field="id"),),)),
        ("id:meta:a-b", ((word("metaab", field="id"),),)),
        ("id:77001", ((word("77001", field="id"),),)),
        ("meta_ad_library:99", ((word("metaadlibrary99", field="id"),),)),
        ("id:770*", ((word("770", field="id", is_start=True),),)),
        ("text:£350", ((word("350", field="text"),),)),
        ("link:#vote", ((word("vote", field="link"),),)),
        (
            "www.harbour.example/Vote-Now?x=1",
            ((word("harbour", "example", "vote", "now", field="link"),),),
        ),
    ],
)
def test_a_question_is_read_so(text, question):
    assert read_question(text) == question


@pytest.mark.parametrize(
    ("text", "place", "instead"),
    [
        ("tax AND vote", "character 5, 'AND'", "leave it out"),
        ("tax NOT vote", "character 5, 'NOT'", "-word"),
        ("tax && vote", "character 5, '&&'", "leave it out"),
        ("tax|vote", "character 1, 'tax|vote'", "OR between"),
        ("+tax", "character 1", "leave the +"),
        ("tax~2", "character 1", "near spellings"),
        ("tax^2", "character 1", "weigh more"),
        ("*tax", "character 1", "end of a word"),
        ("t*x", "character 1", "end of a word"),
        ("c?an", "character 1", "left open"),
        ("NEAR(a b)", "character 1", "no such operator"),
        ('"clean a*"', "character 1", "without quotation marks"),
        ('"clean air"*', "character 1", "without quotation marks"),
        ("id:7*", "character 1", "at least 2 letters"),
        ("payer:★", "character 1", "no word"),
        ("payer:*", "character 1", "no word"),
        ("t*", "character 1", "at least 2 letters"),
        ("--tax", "character 1", "one -"),
        ("-✅", "character 1", "no word"),
        ('""', "character 1", "no word"),
        ('the "open', "character 5", "never closed"),
        ("OR tax", "character 1, 'OR'", "between two words"),
        ("tax OR", "character 5, 'OR'", "between two words"),
        ("tax OR OR vote", "character 8, 'OR'", "between two words"),
        ("(tax OR vote) now", "character 1, '('", "not read beside OR"),
        ("country:GB", "character 1", "fields are text, "),
        ("payer: harbour", "character 1, 'payer:'", "without a space"),
        ("payer:-harbour", "character 1", "write -payer:harbour"),
    ],
)
def test_what_looks_like_another_language_is_refused_with_its_place(text, place, instead):
    with pytest.raises(QueryError) as refused:
        read_question(text)
    assert place in str(refused.value)
    assert instead in str(refused.value)


@pytest.mark.parametrize(
    ("text", "named"),
    [("??", "no word"), ("one " * (MOST_WORDS + 1), f"at most {MOST_WORDS} words")],
)
def test_too_few_and_too_many_words_are_refused(text, named):
    with pytest.raises(QueryError, match=named):
        read_question(text)


words = st.sampled_from(["tax", "écoles", "教", "300", "d"]).map(lambda w: split_words(w)[0].term)
terms = st.builds(
    Term,
    st.lists(words, min_size=1, max_size=3).map(tuple),
    st.sampled_from([None, *WORD_FIELDS.keys() - {"id"}]),
    is_not=st.booleans(),
    is_exact=st.just(True),
) | st.builds(
    Term, st.sampled_from([("econom",), ("d", "or")]), is_start=st.just(True), is_not=st.booleans()
)


@given(st.lists(st.lists(terms, min_size=1, max_size=3).map(tuple), max_size=3).map(tuple))
def test_what_is_written_out_reads_as_the_same_question(question):
    assert read_question(spell_question(question)) == question
