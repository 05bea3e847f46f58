"""Words in a picture, read by Tesseract where this machine has it: a program of its own, kept short.

What it reads is marked as a machine's, never checked, and enters neither search nor rules.
"""

import io
import os
import shutil
import subprocess
from functools import lru_cache
from pathlib import Path

from PIL import Image

from archive.media.files import MachineText
from archive.media.pictures import (
    PICTURES,
    PictureTooLargeError,
    UnreadablePictureError,
    read_grey,
)
from archive.records import MissingReason
from config.counts import write_count

PROGRAM = "tesseract"
MOST_SECONDS = 30.0
LONGEST_SIDE = 2_000
"""Pixels; small print of an ad is still read at this size, and the program's time stays bounded."""

PASSED_ON = frozenset({"PATH", "TESSDATA_PREFIX"})
"""Variables the program may see; the others may hold an operator's secrets."""

SPARE_ENVIRONMENT = {"OMP_THREAD_LIMIT": "1"}


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
        with path.open("rb") as file:
            grey = read_grey(file, media_type)
    except (PictureTooLargeError, UnreadablePictureError):
        return MachineText(None, MissingReason.UNREADABLE, "the picture cannot be opened")
    return ask_tesseract(program, draw_anew(grey))


def draw_anew(grey: Image.Image) -> bytes:
    """The picture as a PNG of at most `LONGEST_SIDE` pixels a side."""
    made = io.BytesIO()
    grey.thumbnail((LONGEST_SIDE, LONGEST_SIDE))
    grey.save(made, "PNG")
    return made.getvalue()


def ask_tesseract(program: str, picture: bytes, seconds: float | None = None) -> MachineText:
    """What the program reads in a PNG; an empty text is its word that there is none.

    It has `MOST_SECONDS`, where not told otherwise.
    """
    seconds = seconds or MOST_SECONDS
    try:
        printed = run_program(program, "stdin", "stdout", picture=picture, seconds=seconds)
    except subprocess.TimeoutExpired:
        reason = f"{PROGRAM} took longer than {write_count(round(seconds), 'second')}"
        return MachineText(None, MissingReason.UNREADABLE, reason)
    except (OSError, subprocess.CalledProcessError):
        return MachineText(None, MissingReason.UNREADABLE, f"{PROGRAM} failed on it")
    return MachineText(printed.replace("\0", "").strip(), None, name_version(program))


@lru_cache(maxsize=1)
def name_version(program: str) -> str:
    """The program with its version, as it says itself."""
    try:
        return (
            run_program(program, "--version", seconds=MOST_SECONDS).split("\n")[0].strip()
            or PROGRAM
        )
    except (OSError, subprocess.SubprocessError):
        return PROGRAM


def run_program(program: str, *arguments: str, seconds: float, picture: bytes = b"") -> str:
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
        timeout=seconds,
        check=True,
        env=SPARE_ENVIRONMENT | {k: v for k, v in os.environ.items() if k in PASSED_ON},
    )
    return ended.stdout.decode("utf-8", "replace")
