"""Fetches of media, written down and shown as tests of the archive need them."""

from datetime import timedelta

from archive.media.files import FetchOutcome, MachineText, keep_file, list_due
from archive.media.pictures import FileFacts
from archive.media.terms import list_terms_scopes
from archive.models.media import MediaState
from archive.reading import read_ad
from archive.reading.ads.media import list_media
from archive.reading.as_of.moment import NOW
from archive.records import Allowance
from archive.store.blobs import Blob
from archive.store.database import read, write
from archive.store.setup import write_sources
from tests.archive.conftest import NOON
from tests.sources_with_terms import make_source

LATER = NOON + timedelta(hours=1)
ONE, TWO = "https://cdn.example/1.png", "https://cdn.example/2.png"
SHA = "a" * 64
UNREAD = MachineText(None, "not_looked", "this machine has no tesseract")


def allow_media(engine, allows: Allowance | None) -> None:
    with write(engine) as session:
        write_sources(session, [make_source(allows)])


def make_outcome(session, state, dhash, at) -> FetchOutcome:
    if state == MediaState.KEPT:
        fetch = FileFacts("image/png", 9, 8, dhash)
        file = keep_file(session, Blob(SHA, 5), fetch, UNREAD, at)
        return FetchOutcome(state, sha256=file.sha256)
    retry_at = at + timedelta(days=1) if state == MediaState.UNREACHABLE else None
    return FetchOutcome(state, f"it is {state}", retry_at=retry_at)


def show(engine, moment=NOW, ref="a1"):
    with read(engine) as session:
        return list_media(session, read_ad(session, f"example:{ref}", moment), moment)


def list_due_refs(engine, at, part=None):
    with read(engine) as session:
        scope = next(each for each in list_terms_scopes(session) if each.part == part)
        return [(ad.ref, ad.addresses) for ad in list_due(session, scope, at, 10)]
