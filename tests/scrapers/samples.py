"""Real samples beside the checkout, small invented files, and short ways to read and import them."""

import io
import zipfile
from datetime import UTC, date, datetime, timedelta
from itertools import count
from pathlib import Path

import pytest

from archive.records import AnyRecord, Unreadable
from scrapers.intake.importing import ImportOrder, ImportReport, import_files
from scrapers.readers.files import SourceFile
from scrapers.readers.reading import AdRow, NotRead, Reading
from scrapers.sources.spider import read_delivery
from scrapers.spiders import find_spiders
from tests.scrapers.crawls import Home

SAMPLES = Path(__file__).parents[2].parent / "shared" / "data"

needs_samples = pytest.mark.skipif(
    not SAMPLES.is_dir(), reason="the real samples are not beside the checkout (../shared/data)"
)


def read_all(source: str, name: str, data: str | bytes) -> list[Reading]:
    """Everything a delivered file of a source says."""
    raw = data.encode() if isinstance(data, str) else data
    return list(read_delivery(find_spiders()[source], SourceFile.from_bytes(name, raw)))


def read_sample(source: str, path: str) -> list[Reading]:
    """Everything a real sample says."""
    return list(read_delivery(find_spiders()[source], SourceFile.from_path(SAMPLES / path)))


def records(readings: list[Reading]) -> list[AnyRecord]:
    return [r for r in readings if not isinstance(r, Unreadable | NotRead | AdRow)]


def refusals(readings: list[Reading]) -> list[Unreadable]:
    return [r for r in readings if isinstance(r, Unreadable)]


def refusal(readings: list[Reading]) -> Unreadable:
    """The only refusal."""
    (only,) = refusals(readings)
    return only


IMPORTED_AT = datetime(2026, 11, 30, 12, tzinfo=UTC)
"""After everything that the samples tell of."""


def import_paths(
    home: Home, source: str, *paths: Path, observed_on: date | None = None
) -> ImportReport:
    """One import, by a clock that ticks."""
    ticks = count()
    return import_files(
        home.settings,
        home.engine,
        find_spiders()[source],
        ImportOrder(paths=paths, observed_on=observed_on),
        lambda: IMPORTED_AT + timedelta(milliseconds=next(ticks)),
    )


def pack(members: dict[str, str | bytes]) -> bytes:
    """A zip of these files."""
    packed = io.BytesIO()
    with zipfile.ZipFile(packed, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, data in members.items():
            archive.writestr(name, data)
    return packed.getvalue()
