"""What a person must be to take a step in a case, and whether there is anyone who may."""

from sqlmodel import Session, col, select

from archive.models import ApiKey, User
from oversight.cases.errors import NotEntitledError
from oversight.cases.powers import ROLES, CasePower


def check_person(user: User, power: CasePower) -> None:
    """Refuse a person whose roles do not have a power, or who may no longer act.

    Raises:
        NotEntitledError: with the roles that may.
    """
    if user.is_disabled:
        raise NotEntitledError(f"{user.name} may no longer act")
    roles = ROLES[power]
    if not roles & set(user.roles):
        wanted = " or ".join(sorted(roles))
        raise NotEntitledError(f"{user.name} is not {wanted}")


def has_anyone(session: Session, power: CasePower) -> bool:
    """Whether an account with a key that counts has a power; the way in is the API alone."""
    query = select(User).join(ApiKey, col(ApiKey.user_id) == User.id)
    able = query.where(col(ApiKey.revoked_at).is_(None), col(User.is_disabled).is_(False))
    return any(ROLES[power] & set(user.roles) for user in session.exec(able))


def id_of(user: User) -> int:
    """Our id of a person the archive keeps."""
    if user.id is None:
        raise NotEntitledError(f"{user.name} is nobody this archive knows")
    return user.id
