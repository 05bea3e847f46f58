"""Find the ad that somebody holds something of."""

from fastapi import APIRouter

from api.dependencies import Reading, RoomsDep
from api.finding import FindAnswer, PictureField, TextField, find_sent

router = APIRouter(tags=["search"])


@router.post("/find")
def find_ads(
    rooms: RoomsDep, session: Reading, text: TextField = "", picture: PictureField = None
) -> FindAnswer:
    """The ad behind a link, an id, a sentence or a picture, with the reason; it stores nothing."""
    return find_sent(rooms, session, text, picture)
