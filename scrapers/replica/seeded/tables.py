"""Tables and zips written to disk row by row, so that a million rows take no more memory than ten.

The modules of the sources whose files are zips of tables call it.
"""

import csv
import io
import os
import zipfile
from collections.abc import Iterable, Sequence
from datetime import timedelta
from pathlib import Path

from scrapers.replica.fixtures import EVE_OF_DAY_1
from scrapers.replica.zips import name_member


def write_table(
    archive: zipfile.ZipFile,
    name: str,
    columns: Sequence[str],
    rows: Iterable[dict[str, str]],
    line_end: str = "\n",
) -> None:
    """Add a table to a zip; a cell that a row does not name is blank."""
    with (
        # How long it gets is known only at its end, and Google's is longer than 2 GiB.
        archive.open(name_member(name), "w", force_zip64=True) as stream,
        io.TextIOWrapper(stream, "utf-8", newline="") as text,
    ):
        writer = csv.DictWriter(text, columns, restval="", lineterminator=line_end)
        writer.writeheader()
        writer.writerows(rows)


def write_note(archive: zipfile.ZipFile, name: str, text: str) -> None:
    """Add a short text to a zip."""
    archive.writestr(name_member(name), text)


def date_file(path: Path, changed_day: int) -> None:
    """Give a file the time of the day that last changed it: its ETag stays until then."""
    modified = (EVE_OF_DAY_1 + timedelta(days=changed_day)).timestamp()
    os.utime(path, (modified, modified))
