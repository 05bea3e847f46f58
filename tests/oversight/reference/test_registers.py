"""Looking a name up in a register: yes, no, or not loaded; by dated copies, none of which goes."""

from datetime import date, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from archive.curation.registers import RegisterCopy, RegisterEntry
from archive.records import MissingReason
from config.citations import Citation
from oversight.reference.registers import KeptCopy, find_listed

FIRST = date(2026, 1, 1)
NOT_LOADED = MissingReason.NOT_LOOKED


def make_copy(day: int, *entries: RegisterEntry, is_complete: bool = True) -> KeptCopy:
    copy = RegisterCopy(
        id="third",
        title="Third parties",
        source=Citation.model_validate({"cite": "The list", "evidence": "memory"}),
        holds_on=FIRST + timedelta(days=day),
        is_complete=is_complete,
        fresh_days=30,
        entries=entries,
    )
    return KeptCopy(copy, f"{day}" * 4)


def listed(name: str = "Harbour Friends", **days: date) -> RegisterEntry:
    return RegisterEntry(name=name, ref="7", **days)


def ask(*copies: KeptCopy, who: str = "Harbour Friends", day: int = 5, last: int | None = None):
    last_on = None if last is None else FIRST + timedelta(days=last)
    return find_listed({"third": copies}, "third", who, FIRST + timedelta(days=day), last_on)


def test_a_register_that_is_not_there_or_stale_is_not_loaded() -> None:
    absent, stale, before = ask(), ask(make_copy(0, listed()), day=30), ask(make_copy(6, listed()))
    assert {each.value for each in (absent, stale, before)} == {NOT_LOADED}
    assert absent.sentence == "register third not loaded"
    assert stale.sentence.startswith(
        "register third not loaded for these days: its newest copy is of 2026"
    )
    assert stale.sha256s == ()


@pytest.mark.parametrize("who", ["Harbour Friends", " harbour  FRIENDS", "7"])
def test_a_name_is_found_however_it_is_spaced_and_by_its_number(who: str) -> None:
    found = ask(make_copy(0, listed()), who=who)
    assert (found.value, found.sha256s, found.evidence) == (True, ("0000",), "memory")
    assert found.sentence == "Third parties, as of 1 Jan 2026: listed"


def test_only_a_complete_register_says_no() -> None:
    assert ask(make_copy(0, listed()), who="Pier Club").value is False
    assert ask(make_copy(0, listed(), is_complete=False), who="Pier Club").value is NOT_LOADED
    assert ask(make_copy(0, listed()), who="").value is False


def test_a_later_copy_knows_since_when() -> None:
    since = listed(starts_on=FIRST + timedelta(days=4), ends_on=FIRST + timedelta(days=8))
    copies = (make_copy(0), make_copy(20, since))
    assert [ask(*copies, day=day).value for day in (3, 4, 7, 8, 20)] == [
        False,
        True,
        True,
        False,
        False,
    ]


def test_over_several_days_it_is_known_only_if_no_day_says_otherwise() -> None:
    copies = (make_copy(0), make_copy(20, listed()))
    assert ask(*copies, day=5, last=19).value is False
    assert ask(*copies, day=19, last=20).value is NOT_LOADED
    assert ask(*copies, day=20, last=49).value is True
    assert ask(*copies, day=20, last=50).value is NOT_LOADED


@given(
    st.lists(st.tuples(st.integers(0, 60), st.booleans(), st.booleans()), max_size=4),
    st.integers(0, 90),
    st.integers(0, 30),
)
def test_a_span_answers_as_all_its_days_do(
    copies: list[tuple[int, bool, bool]], first: int, more: int
) -> None:
    by_day = {day: (has, whole) for day, has, whole in copies}
    kept = [
        make_copy(day, *([listed()] if has else []), is_complete=whole)
        for day, (has, whole) in sorted(by_day.items())
    ]
    single = {ask(*kept, day=day).value for day in range(first, first + more + 1)}
    together = ask(*kept, day=first, last=first + more).value
    assert together == (single.pop() if len(single) == 1 else NOT_LOADED)
