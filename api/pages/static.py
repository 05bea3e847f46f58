"""The stylesheet and the icon; their addresses hold a hash of the content, so they may be kept."""

from fastapi import APIRouter
from fastapi.responses import FileResponse

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
