"""What the flagged version of a rule answers about the flagged version of an ad, made anew when asked.

Nothing of it is kept: it is read through the public projection, as this archive knew the ad, registers and
labels when it was flagged, so what is withheld today is withheld in every sentence of yesterday too.
"""

from dataclasses import dataclass, field
from typing import Any

from sqlmodel import Session

from archive.models import AdVersion, Flag, PublicAd, RuleVersion
from archive.models.oversight import RuleAnswer
from archive.reading.as_of.moment import Moment
from archive.reading.as_of.past import restore_ads
from config.yaml_files import YamlFileError
from oversight.evaluation.one_ad import explain_ad, find_run
from oversight.evaluation.running import find_seen_running, list_shown_versions
from oversight.reference.labels import read_labels
from oversight.rules.loading import Rule
from oversight.rules.rule_book import RuleBook


@dataclass(frozen=True)
class FlagAnswer:
    """The rule as it was flagged under, and what it answers."""

    rule: Rule | None
    """`None`: its text can no longer be read, so it answers nothing."""
    answer: RuleAnswer
    because: list[str]
    trace: dict[str, Any] = field(default_factory=dict)
    in_force: bool | None = None
    """Whether it was law while the ad ran; `None`: nobody can tell."""


def explain_flag(session: Session, flag: Flag, book: RuleBook) -> FlagAnswer:
    """What the rule answers about the ad, both as they were flagged."""
    version = session.get_one(RuleVersion, flag.rule_version_id)
    try:
        rule = book.read_version(session, version.sha256, as_of=flag.raised_at)
    except YamlFileError as error:
        why = f"This version of the rule can no longer be evaluated: {error.why}."
        return FlagAnswer(None, RuleAnswer.CANNOT_TELL, [why])
    ad, at = _read_flagged(session, flag), flag.raised_at
    seen_at = find_seen_running(session, [ad], until=at).get(ad.id)
    [*_, shown] = list_shown_versions(session, [ad], until=at)[ad.id]
    said = read_labels(session, [ad.id], as_of=at).get(ad.id) if rule.labels_read else None
    run = find_run(ad, seen_at, said).cut(shown.since, shown.until)
    found = explain_ad(ad, rule, book.elections, at, run)
    if found is None:
        why = "No election of the calendar is one whose window the rule watches."
        return FlagAnswer(rule, RuleAnswer.DOES_NOT_APPLY, [why])
    return FlagAnswer(rule, found.outcome.answer, found.because, found.trace, found.in_force)


def _read_flagged(session: Session, flag: Flag) -> PublicAd:
    """The ad's public view as it stood when it was flagged."""
    now = session.get_one(PublicAd, flag.ad_id)
    # The machine that collected may have a clock that is ahead of the one people flag on.
    flagged_at = max(flag.raised_at, session.get_one(AdVersion, flag.ad_version_id).recorded_at)
    if now.recorded_at <= flagged_at:
        return now
    [values] = restore_ads(session, Moment(as_of=flagged_at), {now.id: now.source})
    return PublicAd(**values)
