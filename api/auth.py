"""Who asks: the person a key belongs to, and whether they may do what they ask.

Reading needs no key. A key travels in `Authorization: Bearer …` only, never in an address or a cookie.
"""

import logging
from collections.abc import Callable
from datetime import date
from typing import Annotated

from fastapi import Depends, Request
from fastapi.security import HTTPAuthorizationCredentials, HTTPBearer
from sqlalchemy.exc import DBAPIError

from api.dependencies import Reading, Rooms, RoomsDep
from api.request_names import name_request, security
from archive.curation.people import EndedKeyError, find_key, note_key_used
from archive.models import ApiKey, User
from archive.models.people import Role
from archive.store.database import write
from oversight.cases.powers import ROLES, CasePower

logger = logging.getLogger(__name__)

BEARER = HTTPBearer(
    auto_error=False, description="A key made by `paidforby users add` or `keys add`."
)

Credentials = Annotated[HTTPAuthorizationCredentials | None, Depends(BEARER)]


class NotSignedInError(Exception):
    """A key is needed and none that counts was given."""


class NotAllowedError(Exception):
    """The person may not do this."""


def require_role(*roles: Role) -> Callable[..., User]:
    """A dependency that gives the person asking, if they have one of these roles."""

    def find_person(
        request: Request, rooms: RoomsDep, credentials: Credentials, session: Reading
    ) -> User:
        today = rooms.now().date()
        try:
            found = find_key(session, credentials.credentials, today) if credentials else None
        except EndedKeyError as error:
            raise NotSignedInError(str(error)) from None
        if found is None:
            raise NotSignedInError(
                "this needs a key: Authorization: Bearer pfb_…; an operator makes one with "
                "paidforby users add"
            )
        user, key = found
        _note_use(rooms, key, today)
        if not set(roles) & set(user.roles):
            raise NotAllowedError(
                f"{user.name} would need the role {' or '.join(sorted(roles))} for this"
            )
        # Whatever needs a role is not public: who saw or did what of it can be told afterwards.
        about = {"person": user.name, "key": key.prefix, "request": name_request(request.scope)}
        security.info("%s: %s", user.name, about["request"], extra=about)
        return user

    return find_person


def _note_use(rooms: Rooms, key: ApiKey, today: date) -> None:
    """Once a day; whoever asks need not wait for it to be possible."""
    if key.last_used_on == today:
        return
    try:
        with write(rooms.engine) as session:
            note_key_used(session, key.id, today)
    except DBAPIError as error:
        logger.warning("the day on which a key was used cannot be kept: %s", error.orig)


CaseReader = Annotated[User, Depends(require_role(*ROLES[CasePower.READ_CASES]))]
Flagger = Annotated[User, Depends(require_role(*ROLES[CasePower.FLAG]))]
Decider = Annotated[User, Depends(require_role(*ROLES[CasePower.DECIDE]))]
NoticeOfficer = Annotated[User, Depends(require_role(*ROLES[CasePower.HANDLE_NOTICES]))]
