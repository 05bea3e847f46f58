"""Of how many ads a source names the payer and the sponsor, and why it does not of the others."""

from collections import Counter

from sqlalchemy import JSON, ColumnElement, case, func, select, type_coerce
from sqlmodel import Field, Session, SQLModel, col

from archive.models import PublicAd
from archive.reading.visible import is_visible_by_default
from archive.records import MISSING_IN_WORDS, MissingReason
from config.counts import write_count

FIELDS = ("payer_name", "sponsor_name")


class DisclosedField(SQLModel):
    """Of how many of a source's ads one field is known, of those that lists show."""

    field: str = Field(description="payer_name or sponsor_name.")
    ads: int = Field(description="Ads of the source.")
    named: int = Field(description="Those of them that name it.")
    missing: dict[MissingReason, int] = Field(
        description="The others, by the reason: not_disclosed (the source left it blank), not_provided (the "
        "source has no such field) …"
    )
    not_disclosed_share: float | None = Field(
        description="Share of the ads of which the source left it blank, 0 to 1; empty: no ads, or the "
        "source has no such field for any."
    )
    sentence: str = Field(description="The same as a sentence to print.")


def count_disclosed(session: Session, source: str) -> list[DisclosedField]:
    """Payer and sponsor of a source's ads as they are now."""
    reasons = [_read_reason(field) for field in FIELDS]
    query = select(func.count(), *reasons).where(
        col(PublicAd.source) == source, is_visible_by_default(PublicAd)
    )
    counted: dict[str, Counter[str | None]] = {field: Counter() for field in FIELDS}
    for ads, *found in session.connection().execute(query.group_by(*reasons)):
        for field, reason in zip(FIELDS, found, strict=True):
            counted[field][reason] += ads
    return [_make_field(field, reasons) for field, reasons in counted.items()]


def _read_reason(field: str) -> ColumnElement[str | None]:
    """Why an ad does not name it; nothing where it does."""
    reason = type_coerce(PublicAd.missing, JSON)[field].as_string()
    return case(
        (
            col(getattr(PublicAd, field)).is_(None),
            func.coalesce(reason, MissingReason.NOT_PROVIDED.value),
        )
    )


def _make_field(field: str, counted: Counter[str | None]) -> DisclosedField:
    ads, named = counted.total(), counted.pop(None, 0)
    missing = {MissingReason(why): counted[why] for why in sorted(filter(None, counted))}
    blank = missing.get(MissingReason.NOT_DISCLOSED, 0)
    is_asked = ads > missing.get(MissingReason.NOT_PROVIDED, 0)
    return DisclosedField(
        field=field,
        ads=ads,
        named=named,
        missing=missing,
        not_disclosed_share=blank / ads if is_asked else None,
        sentence=_tell_field(field, ads, named, missing),
    )


def _tell_field(field: str, ads: int, named: int, missing: dict[MissingReason, int]) -> str:
    what = field.removesuffix("_name")
    others = [
        f"{count:,} do not ({count / ads:.1%}): {MISSING_IN_WORDS[reason]}"
        for reason, count in missing.items()
    ]
    return "; ".join([f"of {write_count(ads, 'ad')} {named:,} name the {what}", *others])
