"""Find the ad that somebody holds a link, an id, some words or a picture of: one way, for API and pages.

Nothing of what is sent is kept or logged; it stays in memory until the answer is made.
"""

from datetime import datetime
from enum import StrEnum
from typing import Annotated
from urllib.parse import quote

from fastapi import File, Form, UploadFile
from PIL import Image
from sqlmodel import Field, Session, SQLModel, col, select

from api.dependencies import Rooms
from archive.duplicates.finding import count_not_compared, find_by_picture, find_by_text
from archive.duplicates.pictures import count_compared
from archive.errors import QuestionError
from archive.media.machine_text import ask_tesseract, draw_anew, find_tesseract
from archive.media.pictures import hash_picture, read_sent
from archive.models import Source
from archive.reading.ads.found import MOST_FOUND, FoundAd, find_by_id, show_found
from archive.reading.as_of.moment import NOW
from archive.reading.freshness import read_data_as_of
from archive.reading.views import DATA_AS_OF
from archive.records.ad_links import read_ad_link
from archive.records.identity import split_public_id
from archive.text.words import list_terms
from config.site_root import SitePath
from search.answering.answers import answer_query
from search.hits import SearchHit
from search.question.language import MOST_WORDS, Term
from search.question.query import AdQuery

MOST_TEXT = 5_000
SECONDS_TO_READ = 10.0
"""For the words in a picture, while others wait."""

TextField = Annotated[
    str,
    Form(description="A link to the ad, its id here or at its source, or a sentence of it."),
]
PictureField = Annotated[
    UploadFile | None,
    File(
        description="A picture of the ad (JPEG, PNG, GIF or WebP), looked at if the text finds none; it is "
        "not kept."
    ),
]


class MatchedBy(StrEnum):
    """By what an ad was found."""

    ID = "id"
    TEXT = "text"
    WORDS = "words"
    PICTURE = "picture"
    PICTURE_WORDS = "picture_words"


class LookedAt(SQLModel):
    """A source of this archive, and where it says what it has of it."""

    id: str = Field(description="Our id of the source.")
    title: str = Field(description="What it is called.")
    path: SitePath = Field(
        description="Its page within the site: when it was crawled, what is missing."
    )


class FindAnswer(SQLModel):
    """The ads that somebody holds something of; none: they are not here."""

    matched_by: MatchedBy | None = Field(
        description="id: by a link or id; text: exactly or nearly this text; words: these words side by "
        "side; picture: by what it looks like; picture_words: by the text that a machine read in it. Empty: "
        "none was found."
    )
    ads: list[FoundAd] = Field(description=f"The ads, the nearest first, at most {MOST_FOUND}.")
    compared_pictures: int | None = Field(
        description="With how many kept pictures the one sent was compared; empty: none was sent, text found "
        "the ad, or it is one plain area, which looks like every other."
    )
    not_compared: int | None = Field(
        description="Where none was found: ads whose text nobody has compared with others yet, and which are "
        "found by a link, an id or words side by side only."
    )
    sources: list[LookedAt] = Field(description="All that was looked at; elsewhere the ad may be.")
    data_as_of: datetime | None = Field(description=DATA_AS_OF)


Found = tuple[MatchedBy | None, list[FoundAd]]


def find_sent(rooms: Rooms, session: Session, text: str, picture: UploadFile | None) -> FindAnswer:
    """The ads that a text names or says or, where there are none, that a picture shows.

    Raises:
        QuestionError: if neither is sent, or the text is too long.
        PictureTooLargeError: if the picture would unpack to more memory than one may take.
        UnreadablePictureError: if it cannot be read as a picture.
        SearchUnavailableError: if only search could tell and does not answer.
    """
    text, file = text.strip(), picture.file.read() if picture else b""
    if not text and not file:
        raise QuestionError("text", "give a link, an id, some words of the ad or a picture of it")
    if len(text) > MOST_TEXT:
        raise QuestionError("text", f"a text has at most {MOST_TEXT:,} characters")
    # Before the text is looked for: a file that is no picture is never passed over in silence.
    grey = read_sent(file) if file else None
    matched, ads = find_by_words(rooms, session, text) if text else (None, [])
    compared = None
    if grey and not ads and (dhash := hash_picture(grey)):
        compared = count_compared(session)
        matched, ads = MatchedBy.PICTURE, find_by_picture(session, f"{dhash:016x}")
    if grey and not ads:
        matched, ads = MatchedBy.PICTURE_WORDS, find_by_text(session, read_words_of(grey))
    return FindAnswer(
        matched_by=matched if ads else None,
        ads=ads,
        compared_pictures=compared,
        not_compared=None if ads else count_not_compared(session),
        sources=[
            LookedAt(id=source.id, title=source.title, path=f"/sources/{quote(source.id, safe='')}")
            for source in session.exec(select(Source).order_by(col(Source.id)))
        ],
        data_as_of=read_data_as_of(session),
    )


def find_by_words(rooms: Rooms, session: Session, text: str) -> Found:
    """The ads that a text names, says nearly, or else has parts of side by side."""
    if len(text.split()) == 1:
        if named := find_by_id(session, text):
            return MatchedBy.ID, named
        if read_ad_link(text):
            return None, []
    if alike := find_by_text(session, text):
        return MatchedBy.TEXT, alike
    return MatchedBy.WORDS, search_side_by_side(rooms, session, text)


def search_side_by_side(rooms: Rooms, session: Session, text: str) -> list[FoundAd]:
    """Ads that have the words of a text one after the other, the first `MOST_WORDS` of them."""
    words = tuple(list_terms(text))[:MOST_WORDS]
    if not words:
        return []
    query = AdQuery(question=((Term(words, is_exact=True),),), limit=MOST_FOUND)
    page = answer_query(
        session, rooms.search, query, NOW, rooms.cover_sources, rooms.list_copy_faults
    )
    return [_show_hit(hit) for hit in page.hits]


def _show_hit(hit: SearchHit) -> FoundAd:
    ad = hit.model_dump(include={"source", "platform"})
    names = {"advertiser_name": hit.advertiser, "payer_name": hit.payer}
    _, ref = split_public_id(hit.id)
    return show_found(
        ad | names | {"public_id": hit.id, "ref": ref}, "it has these words side by side"
    )


def read_words_of(grey: Image.Image) -> str:
    """What Tesseract reads in a picture; empty where it reads nothing, or is not on this machine."""
    program = find_tesseract()
    read = ask_tesseract(program, draw_anew(grey), SECONDS_TO_READ) if program else None
    return (read.text if read else None) or ""
