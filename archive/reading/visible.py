"""Which ads lists, sums and search show by default: not those that a source showed without a political label.

The one place that says so; readers ask for the others with `include=unlabelled`. It reads the public view
and people's labels, and nothing else. What is counted by the ad's key leaves out `select_hidden`. Rules
are put to all ads alike, and the permanent link of each stays open.
"""

from collections.abc import Mapping, Sequence
from enum import StrEnum

from sqlalchemy import JSON, ColumnElement, String, and_, cast, or_, type_coerce
from sqlmodel import Session, col, select
from sqlmodel.sql.expression import SelectOfScalar

from archive.models import AdLabel, LabelTerm, PublicAd
from archive.reading.as_of.moment import NOW, Moment
from archive.records import MissingReason
from archive.store.batches import cut_batches

DECLARED_POLITICAL = "declared_political"

HIDDEN_BY_DEFAULT = (
    "a source showed it without a political label, and nobody has called it political"
)
"""What an ad is that no list and no sum shows by default, in plain words."""


class Include(StrEnum):
    """What a reader asks for beside what is listed."""

    UNLABELLED = "unlabelled"


def is_visible_by_default(ads: type[PublicAd], moment: Moment = NOW) -> ColumnElement[bool]:
    """Whether an ad is shown by default, on the public view or on what `ads_at` gives in its place.

    It is, if it was declared political, if its source says nothing either way, or if a person has
    labelled it. It is not, if its source has labels and gave it none, or says that it is not political.
    """
    declared, reason = col(ads.declared_political), _read_reason(ads)
    says_nothing = and_(
        declared.is_(None),
        or_(reason.is_(None), reason != MissingReason.NOT_DISCLOSED.value),
    )
    return or_(declared.is_(True), says_nothing, col(ads.id).in_(_select_labelled(moment)))


def select_hidden() -> SelectOfScalar[int]:
    """Keys of the ads that are not shown by default now; found by an index that holds few others."""
    declared = col(PublicAd.declared_political)
    return select(PublicAd.id).where(
        declared.is_not(True),
        or_(declared.is_(False), _read_reason(PublicAd) == MissingReason.NOT_DISCLOSED.value),
        col(PublicAd.id).not_in(_select_labelled(NOW)),
    )


def read_visible_by_default(
    ad_id: int,
    declared: bool | None,
    missing: Mapping[str, str],
    labelled: frozenset[int],
) -> bool:
    """The same of an ad that is read already, given the keys of ads that people have labelled."""
    if declared is None:
        declared = missing.get(DECLARED_POLITICAL) != MissingReason.NOT_DISCLOSED
    return declared or ad_id in labelled


def find_labelled(session: Session, ad_ids: Sequence[int], moment: Moment = NOW) -> frozenset[int]:
    """Those of the ads that a person's label calls political at a moment."""
    held = _select_labelled(moment)
    return frozenset(
        ad_id
        for some in cut_batches(ad_ids)
        for ad_id in session.exec(held.where(col(AdLabel.ad_id).in_(some)))
    )


def _read_reason(ads: type[PublicAd]) -> ColumnElement[str]:
    """Why it is not known whether an ad was declared political."""
    return cast(type_coerce(ads.missing, JSON)[DECLARED_POLITICAL].as_string(), String)


def _select_labelled(moment: Moment) -> SelectOfScalar[int]:
    says_so = (
        AdLabel.term == LabelTerm.POLITICAL,
        col(AdLabel.says),
        col(AdLabel.method).is_(None),
    )
    query = select(AdLabel.ad_id).where(*says_so)
    ended_at = col(AdLabel.withdrawn_at)
    if moment.as_of is None:
        return query.where(ended_at.is_(None))
    return query.where(
        col(AdLabel.recorded_at) <= moment.as_of,
        or_(ended_at.is_(None), ended_at > moment.as_of),
    )
