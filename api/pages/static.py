"""The stylesheet and the icon, whose addresses hold a hash of their content; and security.txt."""

from fastapi import APIRouter
from fastapi.responses import FileResponse, PlainTextResponse

from api.dependencies import RoomsDep
from api.pages.site import STATIC_DIR
from archive.errors import NotFoundError

router = APIRouter()

NAMES = ("site.css", "icon.svg")
FOR_EVER = {"cache-control": "public, max-age=31536000, immutable"}


@router.get("/static/{name}")
def get_static(name: str) -> FileResponse:
    """One static file.

    Raises:
        NotFoundError: if it is not one of ours.
    """
    if name not in NAMES:
        raise NotFoundError("file", name)
    return FileResponse(STATIC_DIR / name, headers=FOR_EVER)


@router.get("/.well-known/security.txt")
def get_security_contact(rooms: RoomsDep) -> PlainTextResponse:
    """Where to report a vulnerability (RFC 9116), as long as the operator's word on it holds.

    Raises:
        NotFoundError: if the operator names no contact, no end, or one that has passed.
    """
    settings = rooms.settings
    expires_on = settings.security_expires_on
    if not settings.security_contact or not expires_on or expires_on <= rooms.now().date():
        raise NotFoundError("file", "security.txt")
    return PlainTextResponse(
        f"Contact: {settings.security_contact}\n"
        f"Expires: {expires_on.isoformat()}T00:00:00Z\n"
        f"Canonical: {settings.public_url.rstrip('/')}/.well-known/security.txt\n"
        "Preferred-Languages: en\n"
    )
