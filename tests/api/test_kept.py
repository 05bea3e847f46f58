"""Answers about money are kept while they are true, and no longer."""

from api.kept import KeptAnswers


def give(kept, state, question, answer):
    return kept.give(state, question, lambda: answer, len)


def test_an_answer_is_kept_until_the_archive_is_another():
    kept = KeptAnswers()

    assert give(kept, 1, "who?", b"Ada") == b"Ada"
    assert give(kept, 1, "who?", b"Bob") == b"Ada"
    assert give(kept, 1, "what?", b"Bob") == b"Bob"
    assert give(kept, 2, "who?", b"Bob") == b"Bob"


def test_what_was_asked_for_least_recently_goes_first():
    kept = KeptAnswers(most_bytes=10)
    for question in ("a", "b", "a", "c"):
        give(kept, 1, question, b"12345")

    assert give(kept, 1, "a", b"new") == b"12345"
    assert give(kept, 1, "b", b"new") == b"new"


def test_an_answer_larger_than_all_room_is_given_and_not_kept():
    kept = KeptAnswers(most_bytes=10)

    assert give(kept, 1, "who?", b"a" * 11) == b"a" * 11
    assert give(kept, 1, "who?", b"new") == b"new"
