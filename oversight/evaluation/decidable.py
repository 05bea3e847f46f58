"""For how many ads a rule can be decided, what each source gives of what it reads, and what is missing most.

`rules facts` asks it of every ad, a rule's page of the newest of each source. It counts and names no ad, and
writes nothing.
"""

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import datetime

from sqlalchemy import func, select
from sqlmodel import Session, col

from archive.models import PublicAd
from archive.models.oversight import RuleAnswer
from archive.records import MissingReason
from archive.store.batches import cut_batches
from oversight.evaluation.one_ad import AdAnswer, evaluate_ad, find_run
from oversight.evaluation.questions import QuestionSet, ask_rule, list_ad_facts
from oversight.evaluation.running import find_seen_running, list_shown_versions
from oversight.language import Facts
from oversight.language.closures import read_fact
from oversight.reference.elections import Election
from oversight.reference.labels import read_labels
from oversight.rules.facts import BOUNDS, read_ads, read_facts
from oversight.rules.loading import Rule

OPEN = {RuleAnswer.CANNOT_TELL, RuleAnswer.NOT_ASKED}


@dataclass
class SourceFacts:
    """What one source gives of the facts that a rule reads."""

    source: str
    ads: int = 0
    """Ads looked at."""
    of: int = 0
    """Ads the archive holds."""
    decided: int = 0
    cells: Counter[tuple[str, str]] = field(default_factory=Counter)
    """Ads by fact and by how it stands: given, derived, register, not loaded, label, nobody, blank, never,
    unknown."""
    reasons: Counter[tuple[str, tuple[str, ...]]] = field(default_factory=Counter)
    """Ads that are open, by answer and by what is missing."""

    def tell(self, name: str) -> str:
        """How a fact stands at the source, in a word or two."""
        counts = {how: n for (fact, how), n in self.cells.items() if fact == name}
        if len(counts) == 1:
            return next(iter(counts))
        return ", ".join(f"{how} {n:,}" for how, n in sorted(counts.items()))


@dataclass
class Decidable:
    """The same over all sources."""

    facts: list[str]
    sources: list[SourceFacts]

    @property
    def ads(self) -> int:
        """Ads looked at."""
        return sum(each.ads for each in self.sources)

    @property
    def of(self) -> int:
        """Ads the archive holds."""
        return sum(each.of for each in self.sources)

    @property
    def decided(self) -> int:
        """Ads about which the rule answers, were it only that it is not about them."""
        return sum(each.decided for each in self.sources)

    @property
    def lacking(self) -> list[tuple[str, int, int]]:
        """Facts that are missing; ads that each leaves open alone, and together with others; most first."""
        alone: Counter[str] = Counter()
        among: Counter[str] = Counter()
        for source in self.sources:
            for (_, names), ads in source.reasons.items():
                among.update(dict.fromkeys(names, ads))
                alone.update(dict.fromkeys(names if len(names) == 1 else (), ads))
        ordered = sorted(among, key=lambda name: (-alone[name], -among[name], name))
        return [(name, alone[name], among[name]) for name in ordered]


def find_decidable(
    session: Session,
    rule: Rule,
    elections: Sequence[Election],
    now: datetime,
    most: int | None = None,
) -> Decidable:
    """Hold a rule, whatever its stage, against the `most` newest ads of each source, or against all."""
    questions = QuestionSet(ask_rule(rule, elections, now))
    names = list_ad_facts(questions.asked) or [
        n[3:] for n in rule.fact_names if n.startswith("ad.")
    ]
    ranges = {f"ad.{name}" for name in BOUNDS}
    groups = ("ad.", "register.", "label.")
    shown = sorted(n for n in rule.fact_names - ranges if n.startswith(groups))
    counted = select(col(PublicAd.source), func.count()).group_by(col(PublicAd.source))
    found = Decidable(shown, [])
    for source, held in session.connection().execute(counted.order_by(col(PublicAd.source))):
        newest = select(col(PublicAd.id)).where(col(PublicAd.source) == source)
        ids = newest.order_by(col(PublicAd.id).desc()).limit(most)
        told = SourceFacts(source, of=held)
        for some in cut_batches(session.connection().execute(ids).scalars().all()):
            ads = read_ads(session, some, names)
            seen, shown_as = find_seen_running(session, ads), list_shown_versions(session, ads)
            said = read_labels(session, some) if rule.labels_read else {}
            for ad in ads:
                facts, last = read_facts(ad, names), shown_as[ad.id][-1]
                run = find_run(ad, seen.get(ad.id), said.get(ad.id))
                part = run.cut(last.since, last.until)
                days = run.period.start_days
                labels = rule.find_labels(run.said, ad.public_id, days)
                looked_up = rule.find_looked_up(facts, days) | {
                    n: v.value for n, v in labels.items()
                }
                for name in shown:
                    told.cells[name, _tell_standing(name, facts, looked_up)] += 1
                _add_answers(told, evaluate_ad(ad, questions, part) if part else [])
        found.sources.append(told)
    return found


def _tell_standing(name: str, facts: Facts, looked_up: Facts) -> str:
    group = name.partition(".")[0]
    if name in looked_up and not isinstance(looked_up[name], MissingReason):
        return {"ad": "derived"}.get(group, group)
    value = read_fact(facts, name)
    if group != "ad":
        return "not loaded" if group == "register" else "nobody"
    if not isinstance(value, MissingReason):
        return "given"
    words = {MissingReason.NOT_DISCLOSED: "blank", MissingReason.NOT_PROVIDED: "never"}
    return words.get(value, "unknown")


def _add_answers(told: SourceFacts, answers: list[AdAnswer]) -> None:
    told.ads += 1
    open_answers = [each for each in answers if each.outcome.answer in OPEN]
    if not open_answers:
        told.decided += 1
        return
    missing: dict[str, None] = {}
    for each in open_answers:
        lacking = each.outcome.verdict.lacking or each.outcome.list_unknowns()
        missing |= dict.fromkeys(lacking or ["window.overlaps"])
    told.reasons[open_answers[0].outcome.answer, tuple(sorted(missing))] += 1
