"""What is searched of ads and does not stand in their public rows: labels, kept files, former names.

Documents are made from both, and so is search as of a time.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

from sqlmodel import Session, col, select

from archive.duplicates.creatives import find_creatives
from archive.models import AdVersion, PublicAd
from archive.reading.ads.machine_words import read_machine_words
from archive.reading.ads.media import list_with_media
from archive.reading.as_of.moment import NOW, Moment
from archive.reading.visible import find_labelled
from archive.store.batches import cut_batches
from archive.text.names import fold_name
from search.hits import clean_text
from search.question.filters import COLUMNS, NAME_FILTERS

Names = Mapping[str, list[str]]
"""Names by the filter that looks at them: advertiser, payer, sponsor."""

NAMES_OF: Mapping[str, str] = {name: COLUMNS[name] for name in NAME_FILTERS}
"""Those filters, and the column of `public_ad` that each looks at."""


@dataclass(frozen=True)
class Beside:
    """Of some ads, by our id."""

    labelled: frozenset[int] = frozenset()
    """People have labelled them political."""
    kept: frozenset[int] = frozenset()
    """A picture, video or page of them is kept."""
    former: Mapping[int, Names] = field(default_factory=dict)
    """Names that an ad had in an earlier version and has no more."""
    machine_words: Mapping[int, str] = field(default_factory=dict)
    """What a machine read in those of their pictures that are shown."""
    creatives: Mapping[int, str] = field(default_factory=dict)
    """The creative of those that were compared with others; as of earlier moments of none."""


NOTHING = Beside()


def read_beside(session: Session, ads: Sequence[PublicAd], moment: Moment = NOW) -> Beside:
    """What stands beside ads at a moment."""
    ids = [ad.id for ad in ads]
    kept = list_with_media(session, ids, moment)
    return Beside(
        labelled=find_labelled(session, ids, moment),
        kept=kept,
        former=read_former_names(session, ads, moment),
        machine_words=read_machine_words(session, [ad for ad in ads if ad.id in kept], moment),
        creatives=find_creatives(session, ids) if moment.is_now else {},
    )


def read_former_names(
    session: Session, ads: Sequence[PublicAd], moment: Moment = NOW
) -> Mapping[int, Names]:
    """The former names of those ads that have any, oldest first; spellings of the present one are none."""
    changed = {ad.id: ad for ad in ads if ad.versions > 1}
    found: dict[int, dict[str, list[str]]] = {}
    for some in cut_batches(list(changed)):
        versions = select(AdVersion.ad_id, AdVersion.content).where(
            col(AdVersion.ad_id).in_(some), *moment.limit(AdVersion)
        )
        for ad_id, content in session.exec(
            versions.order_by(col(AdVersion.ad_id), col(AdVersion.seq))
        ):
            for name, column in NAMES_OF.items():
                former = clean_text(content.get(column) or "")
                present = clean_text(getattr(changed[ad_id], column) or "")
                if former and fold_name(former) != fold_name(present):
                    listed = found.setdefault(ad_id, {}).setdefault(name, [])
                    listed += [former] if former not in listed else []
    return found
