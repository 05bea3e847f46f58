"""What a decision can be, who may decide it, and who may read and do what: the tables of powers.

No outcome removes, hides or changes an ad, here or elsewhere: an authority may ask, warn or refer. An
operator that is no authority gives its opinion and says so.
"""

from enum import StrEnum

from archive.models.people import Role
from config.settings import DeploymentKind
from oversight.cases.errors import NotEntitledError


class DecisionOutcome(StrEnum):
    """The closed list of outcomes."""

    OPINION_NO_CONCERN = "opinion_no_concern"
    OPINION_CONCERN = "opinion_concern"
    OPINION_CANNOT_TELL = "opinion_cannot_tell"
    NO_BREACH = "no_breach"
    ADVICE = "advice"
    WARNING = "warning"
    REQUEST_LABEL = "request_label"
    REQUEST_COMPLETE_NOTICE = "request_complete_notice"
    REQUEST_STOP = "request_stop"
    REFERRAL = "referral"


OPINIONS = frozenset(
    {
        DecisionOutcome.OPINION_NO_CONCERN,
        DecisionOutcome.OPINION_CONCERN,
        DecisionOutcome.OPINION_CANNOT_TELL,
    }
)

RESTRICTIVE = frozenset(
    {
        DecisionOutcome.WARNING,
        DecisionOutcome.REQUEST_LABEL,
        DecisionOutcome.REQUEST_COMPLETE_NOTICE,
        DecisionOutcome.REQUEST_STOP,
        DecisionOutcome.REFERRAL,
    }
)
"""What asks something of somebody, and so needs a rule that is law."""


class CasePower(StrEnum):
    """What a person may do with what is not public."""

    READ_CASES = "read cases"
    FLAG = "flag"
    DECIDE = "decide"
    HANDLE_NOTICES = "handle notices"


OFFICERS = frozenset({Role.ANALYST, Role.REVIEWER})

ROLES: dict[CasePower, frozenset[Role]] = {
    CasePower.READ_CASES: OFFICERS,
    CasePower.FLAG: OFFICERS,
    CasePower.DECIDE: frozenset({Role.REVIEWER}),
    CasePower.HANDLE_NOTICES: OFFICERS,
}
"""Which roles have a power: signals, flags and notices are nothing that who runs the archive reads."""

POWERS: dict[DeploymentKind, frozenset[DecisionOutcome]] = {
    DeploymentKind.DEMO: OPINIONS,
    DeploymentKind.CIVIL_SOCIETY: OPINIONS,
    DeploymentKind.NEWSROOM: OPINIONS,
    DeploymentKind.RESEARCH: OPINIONS,
    DeploymentKind.AUTHORITY: frozenset(DecisionOutcome) - OPINIONS,
}
"""What each kind of operator may decide."""


def check_power(kind: DeploymentKind, outcome: DecisionOutcome) -> None:
    """Refuse an outcome that is not in an operator's power.

    Raises:
        NotEntitledError: with the outcomes that are.
    """
    if outcome not in POWERS[kind]:
        possible = ", ".join(o for o in DecisionOutcome if o in POWERS[kind])
        name = kind.value.replace("_", " ")
        raise NotEntitledError(
            f"an archive run as {name} cannot decide {outcome}; it can: {possible}"
        )
