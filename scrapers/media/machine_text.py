"""Words in a picture, read by Tesseract where this machine has it: a program of its own, kept short.

The worker and `paidforby media fetch` call `read_kept`. What it reads is marked as a machine's,
never checked, and enters neither search nor rules.
"""

import io
import os
import shutil
import subprocess
from collections.abc import Callable
from functools import lru_cache, partial
from pathlib import Path
from tempfile import TemporaryDirectory
from threading import Event

from sqlalchemy import Engine

from archive.media.files import MachineText, list_unread, set_machine_text
from archive.media.pictures import (
    PICTURES,
    PictureTooLargeError,
    UnreadablePictureError,
    read_grey,
)
from archive.models import MediaFile
from archive.records import MissingReason, QuarantineStage
from archive.runs.fence import run_fenced
from archive.runs.tries import take_alone
from archive.store.blobs import BlobStore
from archive.store.database import read, write
from config.settings import Settings
from scrapers.intake.pages import Clock

PROGRAM = "tesseract"
MOST_SECONDS = 30.0
LONGEST_SIDE = 2_000
"""Pixels; small print of an ad is still read at this size, and the program's time stays bounded."""

Meanwhile = Callable[[], None]
"""Called after each file, by whoever has other things to do as well."""

PASSED_ON = frozenset({"PATH", "TESSDATA_PREFIX"})
"""Variables the program may see; the others may hold an operator's secrets."""

SPARE_ENVIRONMENT = {"OMP_THREAD_LIMIT": "1"}


UNREAD = MachineText(None, MissingReason.UNREADABLE, "the picture could not be read")

PICTURE = "sha256:"
"""How a kept picture is named when it is put aside."""


def find_tesseract() -> str | None:
    """Path of the program; `None`: this machine has none."""
    return shutil.which(PROGRAM)


def tell_unread(media_type: str) -> MachineText:
    """What there is to say of a file's words before a machine looked for any."""
    if media_type not in PICTURES:
        return MachineText(None, MissingReason.NOT_PROVIDED, "words are read in pictures only")
    return MachineText(None, MissingReason.NOT_LOOKED, "no machine has looked for words in it yet")


def read_words(path: Path, media_type: str) -> MachineText:
    """The words of a picture; without any reading, the reason.

    The program is handed a picture that Pillow made anew, never the bytes from the web.
    """
    if media_type not in PICTURES:
        return tell_unread(media_type)
    program = find_tesseract()
    if program is None:
        return MachineText(None, MissingReason.NOT_LOOKED, f"this machine has no {PROGRAM}")
    try:
        drawn = draw_anew(path, media_type)
    except (PictureTooLargeError, UnreadablePictureError):
        return MachineText(None, MissingReason.UNREADABLE, "the picture cannot be opened")
    return ask_tesseract(program, drawn)


def draw_anew(path: Path, media_type: str) -> bytes:
    """The picture as a grey PNG of at most `LONGEST_SIDE` pixels."""
    made = io.BytesIO()
    grey = read_grey(path, media_type)
    grey.thumbnail((LONGEST_SIDE, LONGEST_SIDE))
    grey.save(made, "PNG")
    return made.getvalue()


def ask_tesseract(program: str, picture: bytes) -> MachineText:
    """What the program reads in a PNG; an empty text is its word that there is none."""
    try:
        printed = run_program(program, "stdin", "stdout", picture=picture)
    except subprocess.TimeoutExpired:
        reason = f"{PROGRAM} took longer than {MOST_SECONDS:.0f} seconds"
        return MachineText(None, MissingReason.UNREADABLE, reason)
    except (OSError, subprocess.CalledProcessError):
        return MachineText(None, MissingReason.UNREADABLE, f"{PROGRAM} failed on it")
    return MachineText(printed.replace("\0", "").strip(), None, name_version(program))


@lru_cache(maxsize=1)
def name_version(program: str) -> str:
    """The program with its version, as it says itself."""
    try:
        return run_program(program, "--version").split("\n")[0].strip() or PROGRAM
    except (OSError, subprocess.SubprocessError):
        return PROGRAM


def run_program(program: str, *arguments: str, picture: bytes = b"") -> str:
    """What the program prints.

    Raises:
        OSError: if it cannot be started.
        subprocess.TimeoutExpired: if it takes too long.
        subprocess.CalledProcessError: if it ends badly.
    """
    ended = subprocess.run(  # noqa: S603 (a fixed program, no word of it from outside)
        [program, *arguments],
        input=picture,
        capture_output=True,
        timeout=MOST_SECONDS,
        check=True,
        env=SPARE_ENVIRONMENT | {k: v for k, v in os.environ.items() if k in PASSED_ON},
    )
    return ended.stdout.decode("utf-8", "replace")


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
