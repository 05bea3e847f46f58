"""A result set on this machine's disk: the rows in one file, and beside it what is known of them."""

from collections.abc import Callable
from pathlib import Path
from typing import Any

from archive.errors import QuestionError
from archive.exports.downloads import Form, RowStream, Sidecar, write_rows
from archive.records.canonical import canonical_json
from archive.store.disk import replace_file, sync_file, sync_path

ENDINGS = {f".{form}": form for form in (Form.CSV, Form.JSON_LINES, Form.PARQUET)}


def find_form(path: Path) -> Form:
    """The form that the ending of a name asks for.

    Raises:
        QuestionError: if it asks for none, or something of that name is there.
    """
    if path.suffix not in ENDINGS:
        told = f"{path.name!r} must end in one of: {', '.join(ENDINGS)}"
        raise QuestionError("to", f"{told}; a last day is written --filter to=2026-11-20")
    for taken in (path, name_sidecar(path)):
        if taken.exists():
            raise QuestionError("to", f"{taken} is there already; choose another name")
    if not path.parent.is_dir():
        raise QuestionError("to", f"there is no folder {path.parent}")
    return ENDINGS[path.suffix]


def name_sidecar(path: Path) -> Path:
    """Where what is known of a file's rows stands."""
    return path.with_name(f"{path.name}.meta.json")


def write_result_set(
    stream: RowStream, path: Path, tell: Callable[[int], None], *, for_spreadsheets: bool = False
) -> dict[str, Any]:
    """Write both files and give what is known of the rows; a file is there whole or not at all.

    `tell` is told after each part how many bytes have been written.
    """
    form, sidecar, written = find_form(path), Sidecar(stream), 0
    aside = path.with_name(f".{path.name}.part")
    try:
        with aside.open("wb") as file:
            for part in write_rows(sidecar.stream, form, for_spreadsheets=for_spreadsheets):
                file.write(part)
                tell(written := written + len(part))
            sync_file(file)
        replace_file(name_sidecar(path), canonical_json(sidecar.describe()).decode() + "\n")
        aside.replace(path)
        sync_path(path.parent)
    finally:
        aside.unlink(missing_ok=True)
    return sidecar.describe()
