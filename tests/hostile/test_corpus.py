"""Hostile inputs harm nothing but themselves; `python -m tests.benchmarks.hostile` measures all of them."""

from pathlib import Path

import pytest

from tests.benchmarks.hostile import MOST_MB, tell, try_corpus
from tests.drawn import draw_scene, encode_picture
from tests.hostile.corpus import Entry, read_corpus
from tests.hostile.trying import check_address, measure_both, try_entry

ENTRIES = {entry.name: entry for entry in read_corpus()}
ADDRESSES = [entry for entry in ENTRIES.values() if entry.kind == "address"]
PICTURES = [
    ENTRIES[f"picture: {name}"]
    for name in (
        "Exif data that break off",
        "a WebP that is a head only",
        "a PNG of four billion points",
        "half a JPEG",
        "a video of very many boxes",
        "an SVG with a script",
    )
]
IN_PROCESSES = [
    "import: packed with bzip2, two gigabytes",
    "import: a line of many objects",
    "answer: zeros packed with zstd",
    "answer: three hundred headers",
]


def test_the_corpus_has_every_kind_and_names_only_what_it_has() -> None:
    assert len(ENTRIES) >= 150
    assert {entry.kind for entry in ENTRIES.values()} == {
        *("import", "answer", "picture", "address", "request", "configuration")
    }


@pytest.mark.parametrize("entry", ADDRESSES, ids=lambda entry: entry.name)
def test_an_address_is_answered_for_and_a_public_one_is_allowed(
    entry: Entry, capsys: pytest.CaptureFixture[str]
) -> None:
    check_address(entry.given["address"])
    told, neighbour = capsys.readouterr().out.splitlines()
    assert entry.given["said"].removeprefix("^") in told
    assert neighbour == "next: allowed"


@pytest.mark.parametrize("entry", PICTURES, ids=lambda entry: entry.name)
def test_a_hostile_picture_is_told_of_and_the_next_is_measured(
    entry: Entry,
    tmp_path: Path,
    capsys: pytest.CaptureFixture[str],
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setenv("PATH", "")
    (tmp_path / "file").write_bytes(entry.make())
    (tmp_path / "good").write_bytes(encode_picture(draw_scene()))
    measure_both(tmp_path / "file", tmp_path / "good")
    said = capsys.readouterr().out
    assert entry.given["said"] in said
    assert "next: 320 x 240" in said


@pytest.mark.parametrize("name", IN_PROCESSES)
def test_a_hostile_input_costs_little_and_nothing_beside_it(name: str, tmp_path: Path) -> None:
    assert tell(try_entry(ENTRIES[name], tmp_path / "place")) == []


@pytest.mark.slow
def test_no_input_of_the_corpus_stops_others_or_ends_in_a_traceback() -> None:
    results = try_corpus("", workers=2)
    wrong = {
        tried.entry.name
        for tried in results
        if tried.lost or tried.unsaid or tried.has_traceback or tried.peak_mb > MOST_MB
    }
    assert wrong == set()
