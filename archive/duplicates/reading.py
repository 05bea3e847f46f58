"""The copies and families of an ad for readers, each pair with its reason; they know only what is now.

Pages and routes ask here. Ads are found by the kept texts, but what is said of a pair is read from what both
ads show at this moment: what was withheld since is not repeated.
"""

from collections import defaultdict
from collections.abc import Collection, Sequence
from datetime import datetime
from typing import Any

from sqlalchemy import ColumnElement, func
from sqlalchemy.orm import Mapped
from sqlmodel import Field, Session, SQLModel, col, select

from archive.duplicates.comparing import Likeness, Relation
from archive.duplicates.creatives import find_creatives
from archive.duplicates.near_texts import KeptText, find_near, load_texts
from archive.duplicates.pictures import find_same_pictures
from archive.duplicates.reasons import tell_pair
from archive.duplicates.texts import AD_FIELDS
from archive.models import AdText, PublicAd, ShownText
from archive.reading.ads.ads import find_ad_row
from archive.reading.ads.found import FoundAd, show_found
from archive.reading.freshness import read_data_as_of
from archive.reading.views import DATA_AS_OF
from archive.reading.visible import is_visible_by_default
from archive.store.batches import cut_batches
from archive.store.bulk import table_of

MOST_SHOWN = 20

_TOLD = ("id", "public_id", "ref", "source", "platform", *AD_FIELDS)
_OWN_TEXT = col(AdText.ad_id) == col(PublicAd.id)

Row = dict[str, Any]
Ads = tuple[int, list[Row]]
"""How many ads there are, and the first of them."""


class CopyView(FoundAd):
    """An ad that is a copy of another or of one family with it, and why."""

    relation: Relation = Field(
        description="copy; family: one text with other names or numbers; picture: the same picture only."
    )


class AdCopies(SQLModel):
    """What else says the same as one ad: views, never merges; only ads that lists show."""

    id: str = Field(description="Permanent id of the ad.")
    is_compared: bool = Field(
        description="Whether it was compared with others yet; no: the worker has yet to come to it."
    )
    creative: str | None = Field(
        description="One number for all ads whose texts are copies with the same names and numbers; without "
        "words, for those of one payer and landing address. Empty: not compared yet."
    )
    copies: int = Field(description="How many copies there are.")
    family: int = Field(description="How many ads are one text with other names or numbers.")
    pictures: int = Field(description="How many other ads show the same picture.")
    items: list[CopyView] = Field(
        description=f"These ads, the first {MOST_SHOWN} of each relation in the order in which we learned of "
        "them."
    )
    data_as_of: datetime | None = Field(description=DATA_AS_OF)

    def list_related(self, relation: Relation) -> list[CopyView]:
        """The listed ads of one relation."""
        return [item for item in self.items if item.relation == relation]


def list_copies(session: Session, ad_id: str) -> AdCopies:
    """What else says the same as an ad, by its permanent id.

    Raises:
        NotFoundError: if the archive does not hold it.
    """
    ad = find_ad_row(session, ad_id)
    creative = find_creatives(session, [ad.id]).get(ad.id)
    texts, pictures = relate_texts(session, ad.id), find_same_pictures(session, ad.id)
    copies, family = (
        _list_ads(session, ad.id, col(AdText.text_id), texts[relation])
        for relation in (Relation.COPY, Relation.FAMILY)
    )
    pictured = _list_ads(session, ad.id, col(PublicAd.public_id), pictures)
    this = read_rows(session, col(PublicAd.id) == ad.id)
    return AdCopies(
        id=ad_id,
        is_compared=creative is not None,
        creative=creative,
        copies=copies[0],
        family=family[0],
        pictures=pictured[0],
        items=[
            *_tell_pairs(this, copies[1], Relation.COPY),
            *_tell_pairs(this, family[1], Relation.FAMILY),
            *(_tell(each, Relation.PICTURE, pictures[each["public_id"]]) for each in pictured[1]),
        ],
        data_as_of=read_data_as_of(session),
    )


def relate_texts(session: Session, ad_row_id: int) -> dict[Relation, set[int]]:
    """Ids of the texts that are copies of an ad's text, itself among them, and of those of its family."""
    related: defaultdict[Relation, set[int]] = defaultdict(set)
    held = session.get(AdText, ad_row_id)
    kept = load_texts(session, [held.text_id]) if held and held.text_id else {}
    for text in kept.values():
        for text_id, likeness in relate_text(session, text).items():
            related[likeness.relation].add(text_id)
    return related


def relate_text(session: Session, text: KeptText) -> dict[int, Likeness]:
    """By their ids the kept texts that are like one, which need not be kept itself."""
    same = select(ShownText.id).where(ShownText.words_hash == text.text.words_hash)
    related = dict.fromkeys(session.exec(same), Likeness(Relation.COPY))
    if text.text.frame_hash is not None:
        framed = select(ShownText.id).where(ShownText.frame_hash == text.text.frame_hash)
        related = dict.fromkeys(session.exec(framed), Likeness(Relation.FAMILY)) | related
    near = find_near(session, {text.id: text})
    return {other.id: likeness for _, other, likeness in near} | related


def _list_ads(session: Session, own_id: int, key: Mapped[Any], keys: Collection[Any]) -> Ads:
    """The other ads that lists show whose key is one of these."""
    count, first = 0, list[Row]()
    for some in cut_batches(sorted(keys)):
        wanted = (key.in_(some), col(PublicAd.id) != own_id, is_visible_by_default(PublicAd))
        counted = select(func.count()).select_from(PublicAd).outerjoin(AdText, _OWN_TEXT)
        count += session.exec(counted.where(*wanted)).one()
        first += read_rows(session, *wanted)
    return count, sorted(first, key=lambda row: row["id"])[:MOST_SHOWN]


def read_rows(session: Session, *wanted: ColumnElement[bool]) -> list[Row]:
    """What is told and compared of the first ads that pass, with the rows of their texts beside them."""
    table = table_of(PublicAd)
    query = select(*(table.c[name] for name in _TOLD)).outerjoin(AdText, _OWN_TEXT)
    rows = session.connection().execute(query.where(*wanted).order_by(table.c.id).limit(MOST_SHOWN))
    return [dict(row) for row in rows.mappings()]


def _tell_pairs(this: Sequence[Row], others: Sequence[Row], relation: Relation) -> list[CopyView]:
    """The ads of which it still shows that they are like this one."""
    reasons = [(other, tell_pair(this[0], other) if this else None) for other in others]
    return [_tell(other, relation, reason) for other, reason in reasons if reason]


def _tell(ad: Row, relation: Relation, reason: str) -> CopyView:
    return CopyView(**show_found(ad, reason).model_dump(), relation=relation)
