"""`/media/<sha256>`: a kept picture, video or page of an ad, where its source lets us show it."""

from typing import Annotated

from fastapi import APIRouter, Path, Request
from fastapi.responses import StreamingResponse

from api.dependencies import RoomsDep
from api.media import answer_file
from archive.reading.ads.media import find_shown_file
from archive.store.blobs import BlobStore
from archive.store.database import read

router = APIRouter()

Sha256 = Annotated[str, Path(pattern="^[0-9a-f]{64}$", description="SHA-256 of the file.")]


@router.get("/media/{sha256}")
def get_media(request: Request, rooms: RoomsDep, sha256: Sha256) -> StreamingResponse:
    """The bytes of a kept file, as a download."""
    with read(rooms.engine) as session:
        file = find_shown_file(session, sha256)
        return answer_file(BlobStore(rooms.settings.blobs_dir), file, request.headers)
