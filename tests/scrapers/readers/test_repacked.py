"""Files as people have them after a program or two: each source's fixture says the same in all of them."""

import csv
import gzip
import io
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from tests.scrapers.samples import read_all
from tests.spoiled import list_fixtures


def divide(mark: str, encoding: str = "utf-8") -> Callable[[bytes], bytes]:
    """A table as a spreadsheet saves it with another mark between cells."""

    def save(data: bytes) -> bytes:
        saved = io.StringIO()
        csv.writer(saved, delimiter=mark).writerows(
            csv.reader(io.StringIO(data.decode("utf-8-sig")))
        )
        return saved.getvalue().encode(encoding)

    return save


SAVED: dict[str, tuple[str, Callable[[bytes], bytes]]] = {
    "gzipped": (".gz", gzip.compress),
    "UTF-16": ("", lambda data: data.decode("utf-8-sig").encode("utf-16")),
    "marked UTF-8": ("", lambda data: data.decode("utf-8-sig").encode("utf-8-sig")),
    "semicolons": ("", divide(";")),
    "tabs in UTF-16, gzipped": (".gz", lambda data: gzip.compress(divide("\t", "utf-16")(data))),
    "lines of Windows": ("", lambda data: data.replace(b"\n", b"\r\n")),
}
OF_TABLES = {"semicolons", "tabs in UTF-16, gzipped"}


def list_saved() -> Iterator[object]:
    """Each fixture with each way to save it; no other marks in what has no header with commas."""
    for source, path in list_fixtures():
        is_table = path.suffix == ".csv" and b"," in path.read_bytes().partition(b"\n")[0]
        for saved in SAVED if is_table else sorted(SAVED.keys() - OF_TABLES):
            yield pytest.param(source, path, saved, id=f"{path.name} {saved}")


@pytest.mark.parametrize(("source", "path", "saved"), list(list_saved()))
def test_a_file_says_the_same_however_it_was_saved(source: str, path: Path, saved: str) -> None:
    data = path.read_bytes()
    ending, save = SAVED[saved]
    plain = read_all(source, path.name, data)
    again = read_all(source, path.name + ending, save(data))
    assert [type(each) for each in again] == [type(each) for each in plain]
    kept = [
        each.model_dump(exclude={"raw", "file"}) for each in plain if hasattr(each, "model_dump")
    ]
    assert kept == [
        each.model_dump(exclude={"raw", "file"}) for each in again if hasattr(each, "model_dump")
    ]
