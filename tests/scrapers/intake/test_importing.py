import gzip
import json
import os
from datetime import date
from pathlib import Path

import pytest
from sqlmodel import select

from archive.models import QuarantinedPiece, Run
from archive.store.blobs import BlobStore
from archive.store.database import read
from tests.scrapers.crawls import Home
from tests.scrapers.samples import import_paths, pack

SOURCE = "google_political_ads"
HEADER = "Advertiser_ID,Advertiser_Name,Week_Start_Date,Spend_USD"


def week(number: int, spend: str = "100", name: str = "Harbour Party") -> str:
    return f"AR{number},{name},2026-01-04,{spend}"


def write_weeks(path: Path, *rows: str) -> Path:
    path.write_text("\n".join([HEADER, *rows]) + "\n", encoding="utf-8")
    return path


def quarantined_pieces(home: Home) -> list[QuarantinedPiece]:
    with read(home.engine) as session:
        return list(session.exec(select(QuarantinedPiece).order_by(QuarantinedPiece.id)))


def test_a_folder_is_read_in_the_order_of_its_names_without_hidden_files(
    home: Home, tmp_path: Path
) -> None:
    folder = tmp_path / "files"
    folder.mkdir()
    write_weeks(folder / "b.csv", week(2))
    write_weeks(folder / "a.csv", week(1), week(3))
    write_weeks(folder / ".hidden.csv", week(4))
    report = import_paths(home, SOURCE, folder)
    assert (report.files, report.counts.new, report.outcome) == (2, 3, "done")


def test_a_file_whose_bytes_are_held_is_left_alone_unless_it_was_seen_again_later(
    home: Home, tmp_path: Path
) -> None:
    file = write_weeks(tmp_path / "week.csv", week(1))
    import_paths(home, SOURCE, file, observed_on=date(2026, 1, 10))
    again = import_paths(home, SOURCE, file, observed_on=date(2026, 1, 10))
    assert (again.already_captured, again.counts.seen) == (["week.csv"], 0)
    later = import_paths(home, SOURCE, file, observed_on=date(2026, 2, 10))
    assert (later.already_captured, later.counts.unchanged) == ([], 1)


def test_the_readable_rest_is_kept_and_the_unreadable_is_held_with_its_bytes(
    home: Home, tmp_path: Path
) -> None:
    file = write_weeks(tmp_path / "week.csv", week(1), week(2, "-5"), week(3))
    report = import_paths(home, SOURCE, file)
    assert (report.outcome, report.counts.new) == ("attention", 2)
    (piece,) = quarantined_pieces(home)
    assert (piece.file, piece.line, piece.field) == ("week.csv", 3, "spend_usd")
    kept = BlobStore(home.settings.blobs_dir).read(piece.sha256)
    assert kept == f"{week(2, '-5')}\n".encode()


def test_a_piece_without_bytes_of_its_own_stands_for_its_whole_file(
    home: Home, tmp_path: Path
) -> None:
    file = tmp_path / "bundle.zip"
    file.write_bytes(pack({"weekly.csv": f"{HEADER}\n{week(1)}\n"})[:60])
    import_paths(home, SOURCE, file)
    (piece,) = quarantined_pieces(home)
    assert BlobStore(home.settings.blobs_dir).read(piece.sha256) == file.read_bytes()


def test_importing_a_damaged_file_again_holds_nothing_twice(home: Home, tmp_path: Path) -> None:
    file = write_weeks(tmp_path / "week.csv", week(1, "many"))
    for day in (1, 2):
        import_paths(home, SOURCE, file, observed_on=date(2026, 1, day))
    assert len(quarantined_pieces(home)) == 1


def test_a_path_that_does_not_exist_is_refused_before_anything_is_read(
    home: Home, tmp_path: Path
) -> None:
    file = write_weeks(tmp_path / "week.csv", week(1))
    with pytest.raises(FileNotFoundError, match="no file or folder"):
        import_paths(home, SOURCE, file, tmp_path / "absent.csv")
    with read(home.engine) as session:
        assert list(session.exec(select(Run))) == []


BAD_FILES = {
    "html.csv": (b"<!DOCTYPE html><html><body>Sorry</body></html>", "an HTML page"),
    "utf16.csv": (f"{HEADER}\n{week(1)}\n".encode("utf-16")[:-1], "not UTF-8"),
    "cut.csv.gz": (gzip.compress(f"{HEADER}\n{week(1)}\n".encode())[:-9], "breaks off"),
    "empty.csv": (b"", "nothing"),
    "cut.zip": (pack({"weekly.csv": HEADER})[:50], "cut short"),
    "bomb.zip": (
        pack({"weekly.csv": HEADER.encode() + b"\0" * (120 << 20)}),
        "200 times its packed size",
    ),
    "renamed.csv": (f"{HEADER}\n".replace("Spend_USD", "Cost").encode(), "spend_usd is missing"),
    "columns.csv": (f"{HEADER}\n".encode() + b"AR1\n", "1 cell where 4 columns"),
    "added.csv": (f"{HEADER},Mood\n{week(1)},glad\n".encode(), "column we do not know"),
    "latin.csv": (f"{HEADER}\n{week(1, name='Café')}\n".encode("latin-1"), "not UTF-8"),
    "header.csv": (f"{HEADER},Größe\n{week(1)},1\n".encode("latin-1"), "not plain UTF-8"),
    "nul.csv": (f"{HEADER}\n{week(1, name='A' + chr(0))}\n".encode(), "NUL"),
    "quote.csv": (f'{HEADER}\nAR1,"open,2026-01-04,1\n'.encode(), "cannot be read"),
    "ruined.csv": (f"{HEADER}\n1.70585E+15,A,2026-01-04,1\n".encode(), "digits are lost"),
    "absurd.csv": (f"{HEADER}\n{week(1, '9' * 14)}\n".encode(), "too large"),
}


@pytest.mark.parametrize("name", BAD_FILES)
def test_bad_input_beside_good_is_named_held_and_costs_nothing_else(
    home: Home, tmp_path: Path, name: str
) -> None:
    data, why = BAD_FILES[name]
    (tmp_path / name).write_bytes(data)
    good = write_weeks(tmp_path / "good.csv", week(7))
    report = import_paths(home, SOURCE, tmp_path / name, good)
    (piece,) = quarantined_pieces(home)
    assert why in piece.reason
    assert piece.file.startswith(name)
    assert (report.outcome, report.counts.seen >= 1) == ("attention", True)


def test_the_command_ends_with_3_and_says_file_line_and_field(home: Home, tmp_path: Path) -> None:
    file = write_weeks(tmp_path / "week.csv", week(1), week(2, "-5"))
    done = home.command("import", SOURCE, str(file), "--json", "--no-evaluate", "--no-index")
    assert done.returncode == 3
    assert "quarantined: week.csv, line 3, spend_usd: -5 is negative" in done.stderr
    answer = json.loads(done.stdout)
    assert (answer["new"], answer["outcome"]) == (1, "attention")


def test_a_name_cannot_command_the_terminal_or_forge_a_line(home: Home, tmp_path: Path) -> None:
    file = write_weeks(tmp_path / "a\x1b[31m\nheld back: forged.csv", week(1, "-5"))
    left = tmp_path / "x\x1b[2J-geo-spend.csv"
    left.write_text("")
    done = home.command("import", SOURCE, str(file), str(left), "--no-evaluate", "--no-index")
    assert done.returncode == 3
    assert "\x1b" not in done.stdout + done.stderr
    assert "a\\x1b[31m\\nheld back: forged.csv, line 2" in done.stderr


def test_a_name_that_is_not_utf_8_can_be_imported(home: Home, tmp_path: Path) -> None:
    file = write_weeks(tmp_path / os.fsdecode(b"caf\xe9.csv"), week(1))
    assert import_paths(home, SOURCE, file).counts.new == 1


def test_an_unknown_source_ends_with_2_and_names_those_there_are(home: Home) -> None:
    done = home.command("import", "nowhere", "x.csv")
    assert done.returncode == 2
    assert "google_political_ads" in done.stderr
