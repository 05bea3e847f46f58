"""The page that finds the ad somebody holds something of: a link, an id, a sentence, a picture."""

from fastapi import APIRouter
from fastapi.responses import HTMLResponse

from api.dependencies import Rooms, RoomsDep
from api.errors import find_status, tell_error
from api.finding import FindAnswer, MatchedBy, PictureField, TextField, find_sent
from api.pages.site import PageHead, render_page
from archive.errors import QuestionError
from archive.media.pictures import PictureTooLargeError, UnreadablePictureError
from archive.store.database import read
from search.port import SearchUnavailableError

router = APIRouter()

HOW = {
    MatchedBy.ID: "by the link or id",
    MatchedBy.TEXT: "by the text",
    MatchedBy.WORDS: "by words that stand side by side",
    MatchedBy.PICTURE: "by the picture",
    MatchedBy.PICTURE_WORDS: "by the words that a machine read in your picture",
}


@router.get("/find")
def show_box(rooms: RoomsDep) -> HTMLResponse:
    """The box alone."""
    return render_found(rooms)


@router.post("/find")
def show_found_ads(
    rooms: RoomsDep, text: TextField = "", picture: PictureField = None
) -> HTMLResponse:
    """The ads, or that they are not here and what was looked at, or what is wrong."""
    try:
        with read(rooms.engine) as session:
            answer = find_sent(rooms, session, text, picture)
    except (
        QuestionError,
        PictureTooLargeError,
        UnreadablePictureError,
        SearchUnavailableError,
    ) as error:
        return render_found(rooms, text, problem=tell_error(error), status=find_status(type(error)))
    return render_found(rooms, text, answer)


def render_found(
    rooms: Rooms,
    text: str = "",
    answer: FindAnswer | None = None,
    problem: str = "",
    status: int = 200,
) -> HTMLResponse:
    """The box as filled in, with the answer or with what is wrong."""
    page = PageHead(title="Find an ad that you have seen", path="/find", section="/search")
    with read(rooms.engine) as session:
        return render_page(
            rooms,
            session,
            page,
            "find.html",
            status,
            asked=text,
            answer=answer,
            problem=problem,
            how=HOW,
        )
