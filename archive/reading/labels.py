"""Who has said what of an ad: its source whether it is political, version by version, and people.

The page and the API's view of an ad ask here. Signals of rules and what programs say are not told: they
are not public before a person has reviewed them.
"""

from collections.abc import Iterator, Sequence
from datetime import datetime

from sqlmodel import Field, Session, SQLModel, col, select

from archive.models import AdLabel, AdVersion, LabelTerm
from archive.reading.as_of.moment import Moment
from archive.reading.descriptions import view_of
from archive.reading.visible import DECLARED_POLITICAL
from archive.records import MissingReason

PERSON, RULE, SOURCE = "person", "rule", "source"


@view_of(AdLabel)
class LabelView(SQLModel):
    """Somebody's word on an ad, such as whether it is political, from one time to another."""

    kind: str = Field(
        description="Who says so: platform, advertiser, feed or another word of the source's (it was "
        "declared), person, or rule (a person, whom a rule's signal pointed to it)."
    )
    term: str
    says: bool | None = Field(
        description="Whether it is that; empty: the source has such labels and gave it none."
    )
    said_by: str | None = Field(description="The person who says so; empty: the source.")
    rule_id: str | None
    reason: str = Field(description="Why; empty: the source gives no reasons.")
    since_at: datetime = Field(description="Since when: the source said so, or the person did.")
    until_at: datetime | None = Field(description="Since when it no longer holds; empty: it holds.")
    withdrawn_by: str | None
    withdrawal_reason: str | None


def list_labels(session: Session, ad_row_id: int, moment: Moment) -> list[LabelView]:
    """The words of the source, then those of people, each oldest first, as known at a moment."""
    said = select(AdVersion).where(AdVersion.ad_id == ad_row_id, *moment.limit(AdVersion))
    versions = session.exec(said.order_by(col(AdVersion.observed_at), col(AdVersion.seq))).all()
    given = select(AdLabel).where(AdLabel.ad_id == ad_row_id, col(AdLabel.method).is_(None))
    labels = session.exec(given.order_by(col(AdLabel.id))).all()
    return [
        *_tell_declared(versions),
        *(_tell_label(label, moment) for label in labels if moment.knows(label.recorded_at)),
    ]


def _tell_declared(versions: Sequence[AdVersion]) -> Iterator[LabelView]:
    """A row for each period in which the source said the same; where it said nothing, none."""
    standing: LabelView | None = None
    for version in versions:
        now = _read_declared(version)
        if standing and now and (standing.says, standing.kind) == (now.says, now.kind):
            continue
        if standing:
            yield standing.model_copy(update={"until_at": version.observed_at})
        standing = now
    if standing:
        yield standing


def _read_declared(version: AdVersion) -> LabelView | None:
    """What the source said in a version; `None` where it is no source of such labels."""
    says = version.content.get(DECLARED_POLITICAL)
    reason = version.content.get("missing", {}).get(DECLARED_POLITICAL)
    if says is None and reason != MissingReason.NOT_DISCLOSED:
        return None
    return LabelView(
        kind=version.content.get("declared_by") or SOURCE,
        term=LabelTerm.POLITICAL,
        says=says,
        said_by=None,
        rule_id=None,
        reason="",
        since_at=version.observed_at,
        until_at=None,
        withdrawn_by=None,
        withdrawal_reason=None,
    )


def _tell_label(label: AdLabel, moment: Moment) -> LabelView:
    """A person's word; that it was withdrawn later is not told of a time before."""
    is_over = label.withdrawn_at is not None and moment.knows(label.withdrawn_at)
    return LabelView(
        kind=RULE if label.rule_id else PERSON,
        term=label.term,
        says=label.says,
        said_by=label.labelled_by,
        rule_id=label.rule_id,
        reason=label.reason,
        since_at=label.recorded_at,
        until_at=label.withdrawn_at if is_over else None,
        withdrawn_by=label.withdrawn_by if is_over else None,
        withdrawal_reason=label.withdrawal_reason if is_over else None,
    )
