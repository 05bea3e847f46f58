"""Which ads lists, sums and search show unasked: not those that a source showed without a political label.

The one place that says so; readers ask for the others with `include=unlabelled`. It reads the public view
and people's labels, and nothing else.
"""

from collections.abc import Sequence
from enum import StrEnum

from sqlalchemy import JSON, ColumnElement, String, and_, cast, or_, type_coerce
from sqlmodel import Session, col, select
from sqlmodel.sql.expression import SelectOfScalar

from archive.batches import cut_batches
from archive.models import PoliticalLabel, PublicAd
from archive.reading.moment import NOW, Moment
from archive.records import MissingReason

DECLARED_POLITICAL = "declared_political"


class Include(StrEnum):
    """What a reader asks for beside what is listed."""

    UNLABELLED = "unlabelled"


def is_listed(ads: type[PublicAd], moment: Moment = NOW) -> ColumnElement[bool]:
    """Whether an ad is shown unasked, on the public view or on what `ads_at` gives in its place.

    It is, if it was declared political, if its source says nothing either way, or if a person has
    labelled it. It is not, if its source has labels and gave it none, or says that it is not political.
    """
    reason = cast(type_coerce(ads.missing, JSON)[DECLARED_POLITICAL].as_string(), String)
    declared = col(ads.declared_political)
    says_nothing = and_(
        declared.is_(None),
        or_(reason.is_(None), reason != MissingReason.NOT_DISCLOSED.value),
    )
    return or_(declared.is_(True), says_nothing, col(ads.id).in_(_select_labelled(moment)))


def read_listed(ad: PublicAd, labelled: frozenset[int]) -> bool:
    """The same of one ad that is read already, given the ids of ads that people have labelled."""
    if ad.declared_political is None:
        is_open = ad.missing.get(DECLARED_POLITICAL) != MissingReason.NOT_DISCLOSED
        return is_open or ad.id in labelled
    return ad.declared_political or ad.id in labelled


def find_labelled(session: Session, ad_ids: Sequence[int]) -> frozenset[int]:
    """Those of the ads that a person's label calls political now."""
    return frozenset(
        ad_id
        for some in cut_batches(ad_ids)
        for ad_id in session.exec(_select_labelled(NOW).where(col(PoliticalLabel.ad_id).in_(some)))
    )


def _select_labelled(moment: Moment) -> SelectOfScalar[int]:
    query = select(PoliticalLabel.ad_id)
    ended_at = col(PoliticalLabel.withdrawn_at)
    if moment.as_of is None:
        return query.where(ended_at.is_(None))
    return query.where(
        col(PoliticalLabel.recorded_at) <= moment.as_of,
        or_(ended_at.is_(None), ended_at > moment.as_of),
    )
