"""This machine: Python, who may read the home, SQLite, programs beside ours."""

import sqlite3
import sys

from archive.media.machine_text import find_tesseract, name_version
from archive.store.disk import tell_openness
from config.settings import Settings
from scrapers.doctor.findings import Finding

LEAST_PYTHON = (3, 11)


def examine_python(_: Settings) -> Finding:
    """Python, at least 3.11."""
    found = ".".join(str(part) for part in sys.version_info[:3])
    works = sys.version_info[:2] >= LEAST_PYTHON
    return Finding("Python", works, found, to_type="install Python 3.11 or newer")


def examine_openness(settings: Settings) -> Finding:
    """Reporters' names stand in the database; what is too wide is said, never changed."""
    advice = tell_openness(settings.home, settings.resolved_database_url)
    who = "other accounts of this machine may read this archive" if advice else "yours alone"
    return Finding("home", True, who, to_type=advice, warns=bool(advice))


def examine_fts5(_: Settings) -> Finding:
    """Whether SQLite here has full text search."""
    with sqlite3.connect(":memory:") as connection:
        options = {row[0] for row in connection.execute("PRAGMA compile_options")}
    detail = f"SQLite {sqlite3.sqlite_version}, full text search FTS5"
    advice = "install a Python whose SQLite has FTS5"
    return Finding("SQLite", "ENABLE_FTS5" in options, detail, to_type=advice)


def examine_machine_text(_: Settings) -> Finding:
    """The program that reads words in pictures; an archive works without it."""
    program = find_tesseract()
    if program is None:
        detail = "not there: words in pictures are not read"
        advice = "install the package tesseract-ocr"
        return Finding("Tesseract", False, detail, is_needed=False, to_type=advice)
    return Finding("Tesseract", True, f"{name_version(program)} reads words in pictures")
