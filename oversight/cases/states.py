"""Where a flag can go from where it stands: a pure table, with no clock, no person and no database.

    open -> withdrawn
    open -> decided -> appealed -> upheld, varied or annulled

Every function that moves a flag asks `find_next_state`.
"""

from enum import StrEnum

from archive.models.oversight import CaseState
from oversight.cases.errors import CaseStepError


class CaseEvent(StrEnum):
    """What people do with a flag."""

    RAISE = "raise"
    WITHDRAW = "withdraw"
    DECIDE = "decide"
    APPEAL = "appeal"
    UPHOLD = "uphold"
    VARY = "vary"
    ANNUL = "annul"


STEPS: dict[tuple[CaseState, CaseEvent], CaseState] = {
    (CaseState.OPEN, CaseEvent.WITHDRAW): CaseState.WITHDRAWN,
    (CaseState.OPEN, CaseEvent.DECIDE): CaseState.DECIDED,
    (CaseState.DECIDED, CaseEvent.APPEAL): CaseState.APPEALED,
    (CaseState.APPEALED, CaseEvent.UPHOLD): CaseState.UPHELD,
    (CaseState.APPEALED, CaseEvent.VARY): CaseState.VARIED,
    (CaseState.APPEALED, CaseEvent.ANNUL): CaseState.ANNULLED,
}
"""All steps there are; a state without one is final."""


OPEN_STATES = frozenset({CaseState.OPEN, CaseState.APPEALED})
"""Where somebody still has to decide."""

STANDING_STATES = frozenset({CaseState.DECIDED, CaseState.UPHELD, CaseState.VARIED})
"""Where a decision stands that only an appeal can move."""


def find_next_state(state: CaseState, event: CaseEvent) -> CaseState:
    """Where an event takes a flag.

    Raises:
        CaseStepError: if it does not follow from there; the message says what does.
    """
    following = STEPS.get((state, event))
    if following is None:
        possible = ", ".join(list_events(state)) or "nothing more"
        raise CaseStepError(f"a flag that is {state} cannot {event}; it can: {possible}")
    return following


def list_events(state: CaseState) -> list[CaseEvent]:
    """What can be done with a flag that stands there."""
    return [event for start, event in STEPS if start is state]
