"""Flags and decisions by people: raised on an ad version under a rule version, decided by somebody else.

Three words, never merged: a machine's signal, a person's flag, a decision with reasons. Nothing here
removes an ad or reaches out to anybody.
"""

from oversight.cases.decision_register import (
    DecisionView,
    FlagView,
    list_ad_decisions,
    list_decisions,
    list_flags,
    read_decision,
    show_flag,
)
from oversight.cases.decisions import (
    DecisionDraft,
    appeal_decision,
    decide_flag,
    settle_appeal,
)
from oversight.cases.errors import (
    CaseError,
    CaseStepError,
    NotEntitledError,
    OutdatedError,
    SecondCaseError,
    SeenVersions,
)
from oversight.cases.flags import raise_flag, read_current, read_flag, withdraw_flag
from oversight.cases.notices import NoticeDraft, read_notice, receive_notice
from oversight.cases.powers import POWERS, DecisionOutcome

__all__ = [
    "POWERS",
    "CaseError",
    "CaseStepError",
    "DecisionDraft",
    "DecisionOutcome",
    "DecisionView",
    "FlagView",
    "NotEntitledError",
    "NoticeDraft",
    "OutdatedError",
    "SecondCaseError",
    "SeenVersions",
    "appeal_decision",
    "decide_flag",
    "list_ad_decisions",
    "list_decisions",
    "list_flags",
    "raise_flag",
    "read_current",
    "read_decision",
    "read_flag",
    "read_notice",
    "receive_notice",
    "settle_appeal",
    "show_flag",
    "withdraw_flag",
]
