"""Where a flag can go: the table of steps, and whatever people try with it."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from archive.models.oversight import CaseState
from oversight.cases.errors import CaseStepError
from oversight.cases.states import STEPS, CaseEvent, find_next_state, list_events

FINAL = {CaseState.WITHDRAWN, CaseState.UPHELD, CaseState.VARIED, CaseState.ANNULLED}


@given(st.lists(st.sampled_from(CaseEvent), max_size=12))
def test_however_people_try_a_flag_is_decided_once_and_ends_once(events: list[CaseEvent]) -> None:
    state, seen = CaseState.OPEN, [CaseState.OPEN]
    for event in events:
        if event in list_events(state):
            state = find_next_state(state, event)
            seen.append(state)
        else:
            with pytest.raises(CaseStepError):
                find_next_state(state, event)
    assert len(seen) == len(set(seen))
    assert not set(seen[:-1]) & FINAL
    assert CaseState.APPEALED not in seen or CaseState.DECIDED in seen


def test_every_state_but_the_final_ones_goes_on() -> None:
    going_on = {state for state, _ in STEPS}
    assert going_on == set(CaseState) - FINAL
