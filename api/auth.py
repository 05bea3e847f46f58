"""Who asks: the person a key belongs to, and whether they may do what they ask.

Reading needs no key. A key travels in `Authorization: Bearer …` only, never in an address or a cookie.
"""

from collections.abc import Callable
from typing import Annotated

from fastapi import Depends
from fastapi.security import HTTPAuthorizationCredentials, HTTPBearer

from api.dependencies import Reading
from archive.curation.people import find_user_by_key
from archive.models import User
from archive.models.people import Role
from oversight.cases.powers import ROLES, CasePower

BEARER = HTTPBearer(
    auto_error=False, description="A key made by `paidforby users add` or `keys add`."
)

Credentials = Annotated[HTTPAuthorizationCredentials | None, Depends(BEARER)]


class NotSignedInError(Exception):
    """A key is needed and none that counts was given."""


class NotAllowedError(Exception):
    """The person may not do this."""


def require_role(*roles: Role) -> Callable[[Credentials, Reading], User]:
    """A dependency that gives the person asking, if they have one of these roles."""

    def find_person(credentials: Credentials, session: Reading) -> User:
        user = find_user_by_key(session, credentials.credentials) if credentials else None
        if user is None:
            raise NotSignedInError(
                "this needs a key: Authorization: Bearer pfb_…; an operator makes one with "
                "paidforby users add"
            )
        if not set(roles) & set(user.roles):
            raise NotAllowedError(
                f"{user.name} would need the role {' or '.join(sorted(roles))} for this"
            )
        return user

    return find_person


CaseReader = Annotated[User, Depends(require_role(*ROLES[CasePower.READ_CASES]))]
Flagger = Annotated[User, Depends(require_role(*ROLES[CasePower.FLAG]))]
Decider = Annotated[User, Depends(require_role(*ROLES[CasePower.DECIDE]))]
NoticeOfficer = Annotated[User, Depends(require_role(*ROLES[CasePower.HANDLE_NOTICES]))]
