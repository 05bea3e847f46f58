"""Words in kept pictures, read by a machine: each once, by the worker and `paidforby media fetch`."""

from collections.abc import Callable
from functools import partial
from pathlib import Path
from tempfile import TemporaryDirectory
from threading import Event

from sqlalchemy import Engine

from archive.media.files import MachineText, list_unread, set_machine_text
from archive.media.machine_text import find_tesseract, read_words
from archive.media.pictures import PICTURES
from archive.models import MediaFile
from archive.records import MissingReason, QuarantineStage
from archive.runs.fence import run_fenced
from archive.runs.tries import take_alone
from archive.store.blobs import BlobStore
from archive.store.database import read, write
from config.settings import Settings
from scrapers.intake.pages import Clock

Meanwhile = Callable[[], None]
"""Called after each file, by whoever has other things to do as well."""

UNREAD = MachineText(None, MissingReason.UNREADABLE, "the picture could not be read")

PICTURE = "sha256:"
"""How a kept picture is named when it is put aside."""


def read_kept(
    settings: Settings,
    engine: Engine,
    clock: Clock,
    limit: int,
    is_over: Event | None = None,
    meanwhile: Meanwhile = lambda: None,
) -> int:
    """Read the words of kept pictures that no machine has read yet, oldest first; gives how many."""
    if find_tesseract() is None:
        return 0
    with read(engine) as session:
        unread = [file.sha256 for file in list_unread(session, PICTURES, limit)]
    for done, sha256 in enumerate(unread):
        if is_over is not None and is_over.is_set():
            return done
        read_picture(settings, engine, clock, sha256)
        meanwhile()
    return len(unread)


def read_picture(settings: Settings, engine: Engine, clock: Clock, sha256: str) -> None:
    """Read the words of one kept picture; one that this fails on is unreadable, and put aside."""
    with read(engine) as session:
        media_type = session.get_one(MediaFile, sha256).media_type

    def read_one() -> MachineText:
        with TemporaryDirectory(prefix="media-", dir=settings.home) as folder:
            path = Path(folder) / "file"
            path.write_bytes(BlobStore(settings.blobs_dir).read(sha256))
            return read_words(path, media_type)

    subject = f"{PICTURE}{sha256}"
    work = partial(take_alone, engine, f"media:{subject}", clock(), read_one)
    words = run_fenced(engine, QuarantineStage.MEDIA, "", subject, clock, work)
    with write(engine) as session:
        set_machine_text(session, session.get_one(MediaFile, sha256), words or UNREAD, clock())
