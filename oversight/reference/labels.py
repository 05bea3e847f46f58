"""Labels as facts: what people, or else programs, say of an ad beside its source.

A person's word stands before any program's, and so does a complete label list that leaves the ad out; where
only programs have spoken, whatever rests on it stays `info`. What the source says is a fact of its own.
"""

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from functools import cached_property

from sqlmodel import Session, col, or_, select

from archive.curation.label_tables import LabelList, list_label_lists
from archive.models import AdLabel, LabelTerm
from archive.records import MissingReason
from archive.store.batches import cut_batches
from oversight.language import FactType

LABEL_FACTS = {f"label.{term}": FactType.BOOL for term in LabelTerm}
"""The facts that labels are read as."""


@dataclass(frozen=True)
class LabelFact:
    """What is said of an ad as to one term, and by whom; where they disagree, nothing is known."""

    value: bool | MissingReason
    is_machine_alone: bool = False
    said_by: tuple[str, ...] = ()


Said = Mapping[LabelTerm, LabelFact]
"""The words on one ad that hold, by what they speak of."""

NOT_LABELLED = LabelFact(MissingReason.NOT_LOOKED)


@dataclass(frozen=True)
class KeptList:
    """A copy of a label list, cited by its hash."""

    copy: LabelList
    sha256: str

    @cached_property
    def ads(self) -> Mapping[LabelTerm, set[str]]:
        """The ads it names, by what it speaks of."""
        named: dict[LabelTerm, set[str]] = defaultdict(set)
        for line in self.copy.lines:
            named[line.term].add(line.ad)
        return named

    def leaves_out(self, ad_id: str, term: LabelTerm, days: tuple[date, date]) -> bool:
        """Whether it would name an ad that started on these days, were that true of it, and does not."""
        covers_from = self.copy.holds_on - timedelta(days=self.copy.covers_days - 1)
        return (
            ad_id.partition(":")[0] in self.copy.complete_for
            and covers_from <= days[0] <= days[1] <= self.copy.holds_on
            and term in self.ads
            and ad_id not in self.ads[term]
        )


LabelLists = Mapping[str, tuple[KeptList, ...]]
"""The copies of each label list, one a day."""


def read_label_lists(session: Session, as_of: datetime | None = None) -> LabelLists:
    """Every label list held at a time; of two copies of one day the one that came last counts."""
    lists: dict[str, dict[date, KeptList]] = defaultdict(dict)
    for copy, row in list_label_lists(session, as_of):
        lists[copy.id][copy.holds_on] = KeptList(copy, row.sha256)
    return {name: tuple(of.values()) for name, of in lists.items()}


def find_label(
    said: Said,
    lists: Iterable[KeptList],
    ad_id: str,
    term: LabelTerm,
    days: tuple[date, date] | None,
) -> LabelFact:
    """What is said of an ad that may have started on these days: by words on it, or by leaving it out."""
    given = said.get(term, NOT_LABELLED)
    if days is None or not (given is NOT_LABELLED or given.is_machine_alone):
        return given
    silent = (kept.copy for kept in lists if kept.leaves_out(ad_id, term, days))
    by = tuple(f"label list {copy.id} of {copy.holds_on}" for copy in silent)
    return LabelFact(value=False, said_by=by) if by else given


def read_labels(
    session: Session, ad_ids: Sequence[int], as_of: datetime | None = None
) -> Mapping[int, Said]:
    """The labels of ads that hold, or held at a time, by our id of the ad; what is left out nobody gave."""
    given: dict[int, dict[LabelTerm, list[AdLabel]]] = defaultdict(lambda: defaultdict(list))
    ended_at = col(AdLabel.withdrawn_at)
    query = select(AdLabel).where(ended_at.is_(None))
    if as_of is not None:
        holds = or_(ended_at.is_(None), ended_at > as_of)
        query = select(AdLabel).where(col(AdLabel.recorded_at) <= as_of, holds)
    for some in cut_batches(ad_ids):
        for label in session.exec(query.where(col(AdLabel.ad_id).in_(some))):
            given[label.ad_id][LabelTerm(label.term)].append(label)
    return {
        ad_id: {term: _weigh(labels) for term, labels in by_term.items()}
        for ad_id, by_term in given.items()
    }


def _weigh(labels: Sequence[AdLabel]) -> LabelFact:
    of_people = [label for label in labels if label.method is None]
    words = {label.says for label in of_people or labels}
    value = words.pop() if len(words) == 1 else MissingReason.UNREADABLE
    said_by = sorted(label.method or label.labelled_by for label in of_people or labels)
    return LabelFact(value, is_machine_alone=not of_people, said_by=tuple(said_by))
