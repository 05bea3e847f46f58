"""People who may do more than read, and the keys of their programs.

Commands make them, the API asks who a key belongs to. A key is shown once and kept as a hash only.
"""

import hmac
import secrets
from collections.abc import Sequence
from datetime import datetime

from sqlmodel import Session, col, select

from archive.errors import ArchiveError, NotFoundError
from archive.models import ApiKey, User
from archive.models.people import Role
from archive.records.canonical import hash_bytes

KEY_BYTES = 32
"""256 random bits: no guessing, so a plain hash is enough to keep."""

PREFIX_LENGTH = 12


def add_user(session: Session, name: str, roles: Sequence[Role], now: datetime) -> tuple[User, str]:
    """A new person with one key; returns both, and the key is never readable again.

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
    return user, add_key(session, name, now)[1]


def add_key(session: Session, name: str, now: datetime) -> tuple[ApiKey, str]:
    """One more key for a person; returns its row and the key itself.

    Raises:
        ArchiveError: if the person is disabled.
        NotFoundError: if there is no such person.
    """
    user = read_user(session, name)
    if user.is_disabled or user.id is None:
        raise ArchiveError(f"{user.name} is disabled and gets no key")
    key = f"pfb_{secrets.token_urlsafe(KEY_BYTES)}"
    row = ApiKey(
        user_id=user.id,
        prefix=key[:PREFIX_LENGTH],
        key_sha256=hash_bytes(key.encode()),
        created_at=now,
    )
    session.add(row)
    session.flush()
    return row, key


def find_user_by_key(session: Session, key: str) -> User | None:
    """Whose key this is; `None` if it is nobody's, revoked, or its person is disabled."""
    row = session.exec(select(ApiKey).where(ApiKey.prefix == key[:PREFIX_LENGTH])).first()
    given = hash_bytes(key.encode())
    kept = row.key_sha256 if row else hash_bytes(b"")
    if not hmac.compare_digest(given, kept) or row is None or row.revoked_at is not None:
        return None
    user = session.get(User, row.user_id)
    return user if user and not user.is_disabled else None


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
        NotFoundError: if there is none.
    """
    user = read_user(session, name)
    user.is_disabled = True
    session.add(user)
    live = select(ApiKey).where(ApiKey.user_id == user.id, col(ApiKey.revoked_at).is_(None))
    for row in session.exec(live):
        row.revoked_at = now
        session.add(row)
    session.flush()
    return user


def revoke_key(session: Session, prefix: str, now: datetime) -> ApiKey:
    """A key no longer counts; revoking it again changes nothing.

    Raises:
        NotFoundError: if no key begins so.
    """
    row = session.exec(select(ApiKey).where(ApiKey.prefix == prefix[:PREFIX_LENGTH])).first()
    if row is None:
        raise NotFoundError("key", prefix[:PREFIX_LENGTH])
    row.revoked_at = row.revoked_at or now
    session.add(row)
    session.flush()
    return row


def _select_user(session: Session, name: str) -> User | None:
    return session.exec(select(User).where(User.name == name.strip())).first()
