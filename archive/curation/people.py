"""People who may do more than read, and the keys of their programs.

Commands make them, the API asks who a key belongs to. A key is shown once and kept as a hash only.
"""

import hmac
import secrets
from collections.abc import Sequence
from datetime import date, datetime

from sqlmodel import Session, col, select

from archive.errors import ArchiveError, NotFoundError
from archive.models import ApiKey, User
from archive.models.people import Role
from archive.records.canonical import hash_bytes

KEY_BYTES = 32
"""256 random bits: no guessing, so a plain hash is enough to keep."""

KEY_START = "pfb_"
PREFIX_LENGTH = 12
"""First characters of a key, which name it and tell nobody the key."""


class EndedKeyError(ArchiveError):
    """A key's last day is over."""

    def __init__(self, name: str, ends_on: date) -> None:
        super().__init__(
            f"this key ended on {ends_on}; an operator makes another: paidforby keys add {name!r}"
        )


def add_user(
    session: Session,
    name: str,
    roles: Sequence[Role],
    now: datetime,
    ends_on: date | None = None,
) -> tuple[User, str]:
    """A new person with one key, which counts to the end of a day; returns both, the key this once.

    Raises:
        ArchiveError: if the name is blank or taken, or no role is given.
    """
    name = name.strip()
    if not name:
        raise ArchiveError("a person needs a name")
    if not roles:
        raise ArchiveError(f"{name} needs a role: {', '.join(Role)}; reading needs none")
    if _select_user(session, name):
        raise ArchiveError(f"there is a person named {name!r} already")
    user = User(name=name, roles=sorted(set(roles)), created_at=now)
    session.add(user)
    session.flush()
    return user, add_key(session, name, now, ends_on)[1]


def add_key(
    session: Session, name: str, now: datetime, ends_on: date | None = None
) -> tuple[ApiKey, str]:
    """One more key for a person, which counts to the end of a day; returns its row and the key itself.

    Raises:
        ArchiveError: if the person is disabled.
        NotFoundError: if there is no such person.
    """
    user = read_user(session, name)
    if user.is_disabled or user.id is None:
        raise ArchiveError(f"{user.name} is disabled and gets no key")
    key = f"{KEY_START}{secrets.token_urlsafe(KEY_BYTES)}"
    row = ApiKey(
        user_id=user.id,
        prefix=key[:PREFIX_LENGTH],
        key_sha256=hash_bytes(key.encode()),
        created_at=now,
        ends_on=ends_on,
    )
    session.add(row)
    session.flush()
    return row, key


def find_key(session: Session, key: str, today: date) -> tuple[User, ApiKey] | None:
    """Whose key this is, and its row; `None` if it is nobody's, revoked, or its person is disabled.

    Raises:
        EndedKeyError: if its last day is over.
    """
    row = session.exec(select(ApiKey).where(ApiKey.prefix == key[:PREFIX_LENGTH])).first()
    given = hash_bytes(key.encode())
    kept = row.key_sha256 if row else hash_bytes(b"")
    if not hmac.compare_digest(given, kept) or row is None or row.revoked_at is not None:
        return None
    user = session.get(User, row.user_id)
    if user is None or user.is_disabled:
        return None
    if row.ends_on and row.ends_on < today:
        raise EndedKeyError(user.name, row.ends_on)
    return user, row


def note_key_used(session: Session, key_id: int | None, today: date) -> None:
    """Keep the day on which somebody asked with a key; days only move forward."""
    row = session.get(ApiKey, key_id)
    if row and (row.last_used_on is None or row.last_used_on < today):
        row.last_used_on = today
        session.add(row)


def list_keys(session: Session) -> list[ApiKey]:
    """Every key, the newest last."""
    return list(session.exec(select(ApiKey).order_by(col(ApiKey.id))))


def list_users(session: Session) -> list[User]:
    """Everyone, by name."""
    return list(session.exec(select(User).order_by(col(User.name))))


def read_user(session: Session, name: str) -> User:
    """One person by name.

    Raises:
        NotFoundError: if there is none.
    """
    user = _select_user(session, name)
    if user is None:
        raise NotFoundError("person", name)
    return user


def disable_user(session: Session, name: str, now: datetime) -> User:
    """A person may no longer act, and none of their keys counts; what they did stays.

    Raises:
        ArchiveError: if the person was disabled before.
        NotFoundError: if there is none.
    """
    user = read_user(session, name)
    if user.is_disabled:
        raise ArchiveError(f"{user.name} is disabled already")
    user.is_disabled = True
    session.add(user)
    live = select(ApiKey).where(ApiKey.user_id == user.id, col(ApiKey.revoked_at).is_(None))
    for row in session.exec(live):
        row.revoked_at = now
        session.add(row)
    session.flush()
    return user


def revoke_key(session: Session, prefix: str, now: datetime) -> ApiKey:
    """A key no longer counts.

    Raises:
        ArchiveError: if it was revoked before.
        NotFoundError: if no key begins so.
    """
    row = session.exec(select(ApiKey).where(ApiKey.prefix == prefix[:PREFIX_LENGTH])).first()
    if row is None:
        raise NotFoundError("key", prefix[:PREFIX_LENGTH])
    if row.revoked_at:
        raise ArchiveError(
            f"the key {row.prefix}… was revoked on {row.revoked_at:%Y-%m-%d} already"
        )
    row.revoked_at = now
    session.add(row)
    session.flush()
    return row


def _select_user(session: Session, name: str) -> User | None:
    return session.exec(select(User).where(User.name == name.strip())).first()
