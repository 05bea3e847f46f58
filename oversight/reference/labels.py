"""Labels as facts: what people, or else programs, say of an ad beside its source.

Rules read them through `read_labels`. A person's word stands before any program's; where only programs
have spoken, whatever rests on it stays `info`. What the source says is a fact of its own.
"""

from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime

from sqlmodel import Session, col, or_, select

from archive.models import AdLabel, LabelTerm
from archive.records import MissingReason
from archive.store.batches import cut_batches


@dataclass(frozen=True)
class LabelFact:
    """What is said of an ad as to one term; where those who say it disagree, nothing is known."""

    value: bool | MissingReason
    is_machine_alone: bool = False


NOT_LABELLED = LabelFact(MissingReason.NOT_LOOKED)


def read_labels(
    session: Session, ad_ids: Sequence[int], as_of: datetime | None = None
) -> Mapping[int, Mapping[LabelTerm, LabelFact]]:
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
    return LabelFact(value, is_machine_alone=not of_people)
