"""Reading reference files: YAML without its traps, and errors that name the place."""

from pathlib import Path

import pytest

from config.overlay import ConfigFile, Origin
from oversight.reference.files import (
    MAX_BYTES,
    ReferenceFile,
    ReferenceFileError,
    ReferenceModel,
)


class Shelf(ReferenceModel):
    country: str
    opens: str = ""
    books: tuple[int, ...] = ()


def read(tmp_path: Path, text: str | bytes) -> ReferenceFile:
    path = tmp_path / "shelf.yaml"
    path.write_bytes(text if isinstance(text, bytes) else text.encode())
    return ReferenceFile(ConfigFile("xx/shelf.yaml", path, Origin.LOCAL))


def test_norway_is_a_country_and_hours_are_texts(tmp_path: Path) -> None:
    file = read(tmp_path, "country: NO\nopens: 07:00\nbooks: [7]")
    assert file.read_as(Shelf) == Shelf(country="NO", opens="07:00", books=(7,))


@pytest.mark.parametrize(
    ("text", "line", "field", "why"),
    [
        ("country: NO\ncountry: SE", 2, "", "country is given twice"),
        ("country: NO\nbooks: [1, {a: 1, a: 2}]", 2, "", "a is given twice"),
        ("country: NO\n\ncolour: red", 3, "colour", "Extra inputs"),
        ("country: NO\nbooks:\n  - 1\n  - many", 4, "books[1]", "valid integer"),
        ("opens: x", 1, "country", "required"),
        ("a: &a [1]\nb: *a", 2, "", "aliases"),
        ("country: [", 1, "", "expected"),
        ("- 1", 1, "", "valid dictionary"),
        ("country: !!python/name:os.system x", 1, "", "could not determine a constructor"),
    ],
)
def test_an_error_names_file_line_field_and_reason(
    tmp_path: Path, text: str, line: int, field: str, why: str
) -> None:
    with pytest.raises(ReferenceFileError) as refused:
        read(tmp_path, text).read_as(Shelf)
    error = refused.value
    assert (error.file, error.line, error.field) == ("xx/shelf.yaml", line, field)
    assert why in error.why


@pytest.mark.parametrize(
    ("data", "why"),
    [(b"\xff\xfe", "UTF-8"), (b"#" * (MAX_BYTES + 1), "longer"), (b"", "valid dictionary")],
)
def test_what_is_not_a_text_of_sane_length_is_refused(
    tmp_path: Path, data: bytes, why: str
) -> None:
    with pytest.raises(ReferenceFileError, match=why):
        read(tmp_path, data).read_as(Shelf)
