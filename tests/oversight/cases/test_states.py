"""Where a flag can go: the table of steps, and whatever people try with it."""

from contextlib import suppress

import pytest
from hypothesis import given
from hypothesis import strategies as st

from archive.models.oversight import CaseState
from config.settings import DeploymentKind
from oversight.cases.errors import CaseStepError, NotEntitledError
from oversight.cases.powers import DecisionOutcome, check_power
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


AUTHORITY_ONLY = {
    "no_breach",
    "advice",
    "warning",
    "request_label",
    "request_complete_notice",
    "request_stop",
    "referral",
}


@pytest.mark.parametrize("kind", DeploymentKind)
def test_an_authority_decides_with_force_and_everybody_else_gives_opinions(kind) -> None:
    may = set()
    for outcome in DecisionOutcome:
        with suppress(NotEntitledError):
            check_power(kind, outcome)
            may.add(outcome.value)
    opinions = {outcome.value for outcome in DecisionOutcome} - AUTHORITY_ONLY
    assert may == (AUTHORITY_ONLY if kind is DeploymentKind.AUTHORITY else opinions)
    assert opinions == {"opinion_concern", "opinion_no_concern", "opinion_cannot_tell"}
