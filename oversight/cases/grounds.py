"""What a decision must rest on before it asks anything of anybody.

`decisions` asks before it makes one; a refusal names everything that is lacking at once.
"""

from collections.abc import Iterator

from sqlmodel import Session

from archive.models import Flag
from archive.models.oversight import RuleAnswer
from oversight.cases.errors import CaseError, CaseStepError
from oversight.cases.explaining import FlagAnswer, explain_flag
from oversight.cases.powers import RESTRICTIVE, DecisionOutcome
from oversight.rules.loading import Rule
from oversight.rules.rule_book import RuleBook
from oversight.rules.schema import RuleFile, Stage
from oversight.rules.validity import LegalStatus

NO_LAW = {
    LegalStatus.INDICATOR: "an indicator and not a law",
    LegalStatus.GUIDELINE: "a guideline and not a law",
}
"""A rule that was removed was law on the days of the ads that it judges."""


def check_citable(rule: Rule) -> None:
    """Refuse a rule that no flag and no decision may cite now.

    Raises:
        CaseStepError: if a person suspended it, with who, since when and why.
        CaseError: if it is not in use.
    """
    if stopped := rule.suspension:
        raise CaseStepError(
            f"the rule {rule.id} is suspended since {stopped.suspended_at:%Y-%m-%d %H:%M} UTC by "
            f"{stopped.suspended_by}, because: {stopped.suspended_because}"
        )
    if rule.stage is not Stage.ACTIVE:
        raise CaseError(f"the rule {rule.id} is {rule.stage}; only active rules are cited")


def check_grounds(
    session: Session, flag: Flag, outcome: DecisionOutcome, legal_basis: str, book: RuleBook
) -> None:
    """Refuse an outcome that asks something of somebody and does not rest on law.

    Raises:
        CaseError: naming what is lacking.
    """
    if outcome not in RESTRICTIVE:
        return
    lacking = list(_list_lacking(explain_flag(session, flag, book), legal_basis))
    if lacking:
        raise CaseError(f"{outcome} lacks its grounds: {'; '.join(lacking)}")


def list_citations(file: RuleFile) -> list[str]:
    """The provisions a rule rests on and puts into words, each once; exceptions are no basis."""
    cites = [*(basis.cite for basis in file.legal_basis), file.applies_when.cite, file.duty.cite]
    return list(dict.fromkeys(" ".join(cite.split()) for cite in cites))


def _list_lacking(found: FlagAnswer, legal_basis: str) -> Iterator[str]:
    if found.rule is None:
        yield found.because[0]
        return
    file = found.rule.file
    for each in file.validity.statuses:
        if each.status in NO_LAW:
            yield f"the rule {file.id} is {NO_LAW[each.status]}"
    if found.in_force is False:
        yield "the rule was not in force while the ad ran"
    elif found.answer is RuleAnswer.DOES_NOT_APPLY:
        yield f"the rule does not apply to this ad: {found.because[0]}"
    elif found.answer in {RuleAnswer.NOT_ASKED, RuleAnswer.NO_BREACH_POSSIBLE}:
        yield f"the rule gives no ground to look: {found.because[0]}"
    elif found.in_force is None:
        yield "it is not known when the ad ran, so not whether the rule was in force then"
    citations = list_citations(file)
    if " ".join(legal_basis.split()) not in citations:
        yield f"legal_basis is none of the rule's own citations: {' | '.join(citations)}"
