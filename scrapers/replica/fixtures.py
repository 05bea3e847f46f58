"""Fixture folders laid out as a day of the sources: the later day over the earlier, zips made on the way.

`app.py` publishes a day before it serves it. Nothing here knows one source from another: what lies in
`<source>/day-1/…` is served under `/<source>/…`, and a folder whose name ends in `.zip` as a zip.
"""

import os
import shutil
import zipfile
from datetime import UTC, datetime, timedelta
from pathlib import Path

from scrapers.replica.zips import name_member

FIXTURES = Path(__file__).parent / "fixtures"

EVE_OF_DAY_1 = datetime(2026, 11, 20, 6, tzinfo=UTC)
"""A file of day n was last modified n days after this."""


def publish_day(fixtures: Path, day: int, served: Path) -> None:
    """Lay out in `served` what the sources show on a day; what a day lacks is as it was before.

    A file keeps its modification time, and so its ETag, until a later day changes it.

    Raises:
        ValueError: if no source has a folder for day 1.
    """
    for number in range(1, day + 1):
        folders = sorted(fixtures.glob(f"*/day-{number}"))
        if number == 1 and not folders:
            raise ValueError(f"{fixtures} holds no <source>/day-1 folder")
        for folder in folders:
            copy_files(folder, served / folder.parent.name, EVE_OF_DAY_1 + timedelta(days=number))
    for folder in [path for path in served.rglob("*.zip") if path.is_dir()]:
        pack_folder(folder)


def copy_files(folder: Path, target: Path, modified_at: datetime) -> None:
    """Copy a folder's files over those of the day before."""
    for path in folder.rglob("*"):
        copy = target / path.relative_to(folder)
        if path.is_file():
            copy.parent.mkdir(parents=True, exist_ok=True)
            shutil.copyfile(path, copy)
            os.utime(copy, (modified_at.timestamp(), modified_at.timestamp()))


def pack_folder(folder: Path) -> None:
    """Put a zip in a folder's place, members in the order of their names, as new as the newest."""
    members = sorted(path for path in folder.rglob("*") if path.is_file())
    modified = max(path.stat().st_mtime for path in members)
    packed = folder.with_name(f"{folder.name}.packed")
    with zipfile.ZipFile(packed, "w") as archive:
        for path in members:
            member = name_member(path.relative_to(folder).as_posix())
            archive.writestr(member, path.read_bytes())
    shutil.rmtree(folder)
    packed.rename(folder)
    os.utime(folder, (modified, modified))
