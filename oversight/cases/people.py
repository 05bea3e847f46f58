"""What a person must be to take a step in a case."""

from archive.models import User
from archive.models.people import Role
from oversight.cases.errors import NotEntitledError


def check_role(user: User, *roles: Role) -> None:
    """Refuse a person who has none of the roles, or may no longer act.

    Raises:
        NotEntitledError: with the roles that may.
    """
    if user.is_disabled:
        raise NotEntitledError(f"{user.name} may no longer act")
    if not set(roles) & set(user.roles):
        wanted = " or ".join(roles)
        raise NotEntitledError(f"{user.name} is not {wanted}")


def id_of(user: User) -> int:
    """Our id of a person the archive keeps."""
    if user.id is None:
        raise NotEntitledError(f"{user.name} is nobody this archive knows")
    return user.id
