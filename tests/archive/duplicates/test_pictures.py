"""Ads with the same picture are listed as that, unless the addresses of pictures are withheld."""

import pytest
from sqlmodel import select

from archive.media.files import DueAd, FetchOutcome, keep_file, note_fetches
from archive.media.pictures import FileFacts
from archive.models import Ad
from archive.models.media import MediaState
from archive.privacy.redactions import redact_field
from archive.store.blobs import Blob
from archive.store.database import write
from tests.archive.conftest import NOON
from tests.archive.duplicates.conftest import ask
from tests.archive.media.kept_media import UNREAD

URL = "https://cdn.example/{}.png"
PICTURES = {
    "a": ("a" * 64, "00ff00ff00ff00ff"),
    "b": ("a" * 64, "00ff00ff00ff00ff"),
    "c": ("c" * 64, "00ff00ff00ff00fc"),
    "d": ("d" * 64, "00ff00ff00ffff00"),
    "e": ("e" * 64, None),
    "f": ("e" * 64, None),
}


@pytest.fixture
def pictured(engine, show, know_source):
    know_source()
    show(**{ref: {"bodies": [], "media_urls": [URL.format(ref)]} for ref in PICTURES})
    with write(engine) as session:
        for ref, (sha256, dhash) in PICTURES.items():
            ad = session.exec(select(Ad).where(Ad.ref == ref)).one()
            facts = FileFacts("image/png" if dhash else "video/mp4", 9, 8, dhash)
            file = keep_file(session, Blob(sha256, 5), facts, UNREAD, NOON)
            kept = FetchOutcome(MediaState.KEPT, sha256=file.sha256)
            due = DueAd(ad.id, ref, ad.id, [URL.format(ref)])
            note_fetches(session, "example", due, {URL.format(ref): kept}, NOON)
    return engine


def tell(engine, ref):
    return {item.id[-1]: item.reason for item in ask(engine, ref).items}


def test_the_same_file_and_a_miniature_nearly_the_same_are_the_same_picture(pictured):
    assert tell(pictured, "a") == {
        "b": "the same picture or video, byte for byte",
        "c": "its picture looks the same: 2 of 64 points of the two miniatures differ",
    }
    assert tell(pictured, "e") == {"f": "the same picture or video, byte for byte"}
    assert tell(pictured, "d") == {}
    assert ask(pictured, "a").pictures == 2


@pytest.mark.parametrize("ref", ["a", "c"])
def test_a_withheld_picture_is_like_no_other(pictured, ref):
    with write(pictured) as session:
        ad = session.exec(select(Ad).where(Ad.ref == ref)).one()
        redact_field(session, ad, "media_urls", "a court's order", "Jo Clerk", NOON)

    assert ref not in tell(pictured, "b")
    assert tell(pictured, ref) == {}
