"""Flags for people with a role: what people marked, and every step since. Not public before a decision."""

from datetime import datetime

from sqlmodel import Field, Session, SQLModel, col, select

from archive.errors import NotFoundError
from archive.models import CaseStep, Flag, PublicAd, RuleVersion, User
from archive.reading.descriptions import quote_field
from archive.reading.freshness import read_data_as_of
from archive.reading.paging import MOST_AT_ONCE, Page, decode_number, encode_cursor

LISTING = "flags"


class StepView(SQLModel):
    """One step of a flag's way."""

    event: str = Field(description=quote_field(CaseStep, "event"))
    from_state: str = Field(description=quote_field(CaseStep, "from_state"))
    to_state: str = Field(description=quote_field(CaseStep, "to_state"))
    by: str = Field(description="Name of who took it.")
    at: datetime = Field(description=quote_field(CaseStep, "at"))
    note: str = Field(description=quote_field(CaseStep, "note"))


class FlagView(SQLModel):
    """A person's mark on an ad under a rule version."""

    reference: str = Field(description=quote_field(Flag, "reference"))
    ad_id: str = Field(description=quote_field(PublicAd, "public_id"))
    ad_version_id: int = Field(description=quote_field(Flag, "ad_version_id"))
    rule_id: str = Field(description=quote_field(RuleVersion, "rule_id"))
    rule_sha256: str = Field(description=quote_field(RuleVersion, "sha256"))
    signal_id: int | None = Field(description=quote_field(Flag, "signal_id"))
    note: str = Field(description=quote_field(Flag, "note"))
    state: str = Field(description=quote_field(Flag, "state"))
    raised_by: str = Field(description="Name of who raised it.")
    raised_at: datetime = Field(description=quote_field(Flag, "raised_at"))
    steps: list[StepView] = Field(description="Every step since, oldest first.")


def list_flags(
    session: Session,
    state: str | None = None,
    ad_id: str | None = None,
    cursor: str | None = None,
    limit: int = 50,
) -> Page[FlagView]:
    """Flags, newest first.

    Raises:
        CursorError: if the cursor is not one of this list.
    """
    limit = min(limit, MOST_AT_ONCE)
    query = select(Flag).order_by(col(Flag.id).desc()).limit(limit + 1)
    if state is not None:
        query = query.where(Flag.state == state)
    if ad_id is not None:
        ads = select(PublicAd.id).where(PublicAd.public_id == ad_id)
        query = query.where(col(Flag.ad_id).in_(ads))
    if (before := decode_number(LISTING, cursor)) is not None:
        query = query.where(col(Flag.id) < before)
    flags = session.exec(query).all()
    last = flags[limit - 1].id if len(flags) > limit else None
    following = encode_cursor(LISTING, last) if last is not None else None
    return Page(
        [_show_flag(session, flag) for flag in flags[:limit]], following, read_data_as_of(session)
    )


def read_flag(session: Session, reference: str) -> FlagView:
    """One flag by the number people quote.

    Raises:
        NotFoundError: if there is none.
    """
    flag = session.exec(select(Flag).where(Flag.reference == reference)).first()
    if flag is None:
        raise NotFoundError("flag", reference)
    return _show_flag(session, flag)


def _show_flag(session: Session, flag: Flag) -> FlagView:
    """A flag with the names behind its numbers; lists are short, so each is looked up by itself."""
    rule = session.get_one(RuleVersion, flag.rule_version_id)
    return FlagView.model_validate(
        flag,
        update={
            "ad_id": session.get_one(PublicAd, flag.ad_id).public_id,
            "rule_id": rule.rule_id,
            "rule_sha256": rule.sha256,
            "raised_by": session.get_one(User, flag.raised_by_id).name,
            "steps": _list_steps(session, flag),
        },
    )


def _list_steps(session: Session, flag: Flag) -> list[StepView]:
    query = (
        select(CaseStep, User.name)
        .join(User, col(User.id) == CaseStep.by_user_id)
        .where(CaseStep.flag_id == flag.id)
        .order_by(col(CaseStep.id))
    )
    return [
        StepView.model_validate(step, update={"by": name}) for step, name in session.exec(query)
    ]
