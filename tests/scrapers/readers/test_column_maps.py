"""Other people's tables, read by maps that say which column is which field."""

import csv
import io
from datetime import UTC, date, datetime
from pathlib import Path

import pytest
import yaml
from hypothesis import given
from hypothesis import strategies as st
from typer.testing import CliRunner

from archive.errors import ArchiveError
from archive.reading.sources.stats import count_archive
from archive.records import AdRecord
from archive.runs.quarantine import read_quarantined
from archive.store.database import open_archive, read
from config.settings import Settings
from config.yaml_files import YamlFileError
from paidforby import app
from scrapers.intake.importing import ImportOrder, import_files
from scrapers.readers.column_maps import MappedReader, find_column_map
from scrapers.readers.column_shapes import ColumnMap
from scrapers.readers.files import SourceFile
from scrapers.readers.reading import Reading
from scrapers.sources.spider import read_delivery
from scrapers.spiders.ad_feed import AdFeedSpider
from scrapers.work.crawl.releasing import release_quarantined
from tests.scrapers.crawls import Home, now
from tests.scrapers.samples import records, refusal

PANEL = """\
title: A panel's ads
publisher: Lamplight Observatory
licence: CC0-1.0
zone: Europe/Athens
delimiter: ";"
constants:
  platform: meta
columns:
  ref: number
  advertiser_ref: account
  bodies: { column: text, read: list, separator: "|" }
  started_at: { column: seen, forms: ["%d/%m/%Y %H:%M"] }
  ended_on: { column: last_day, forms: ["%d.%m.%Y"] }
  currency: unit
  spend_lower_minor: least
  spend_upper_minor: most
kept: [note]
left_out: [row]
"""
HEADER = "number;account;text;seen;last_day;unit;least;most;note;row"
ROW = "7;41;Vote|Vote now;02/11/2026 08:30;09.11.2026;EUR;100;199;seen twice;1"


def write_map(home: Path, text: str, name: str = "panel") -> Settings:
    folder = home / "config" / "column_maps"
    folder.mkdir(parents=True, exist_ok=True)
    (folder / f"{name}.yaml").write_text(text, encoding="utf-8")
    return Settings(home=home, meilisearch_url=None)


def read_panel(home: Path, *rows: str, header: str = HEADER) -> list[Reading]:
    reader = MappedReader("panel", find_column_map(write_map(home, PANEL), "panel"))
    text = "\n".join([header, *rows]) + "\n"
    return list(read_delivery(reader, SourceFile.from_bytes("panel.csv", text.encode())))


def read_ad(home: Path, row: str) -> AdRecord:
    (ad,) = records(read_panel(home, row))
    assert isinstance(ad, AdRecord)
    return ad


def test_each_column_becomes_the_field_it_is_mapped_to(tmp_path: Path) -> None:
    ad = read_ad(tmp_path, ROW)
    assert (ad.platform, ad.bodies) == ("meta", ["Vote", "Vote now"])
    assert (ad.currency, ad.spend_lower_minor, ad.spend_upper_minor) == ("EUR", 100_00, 199_00)
    assert ad.source_fields == {"note": "seen twice"}


def test_ids_are_kept_apart_by_the_name_of_the_map(tmp_path: Path) -> None:
    ad = read_ad(tmp_path, ROW)
    assert (ad.ref, ad.advertiser_ref) == ("panel/7", "panel/41")


def test_times_are_read_in_the_zone_of_the_map(tmp_path: Path) -> None:
    ad = read_ad(tmp_path, ROW)
    assert ad.started_at == datetime(2026, 11, 2, 6, 30, tzinfo=UTC)
    assert (ad.ended_on, ad.day_zone) == (date(2026, 11, 9), "Europe/Athens")


def test_a_label_that_nobody_gave_is_unknown_and_the_feed_is_named_as_silent(
    tmp_path: Path,
) -> None:
    ad = read_ad(tmp_path, ROW)
    assert (ad.declared_political, ad.declared_by) == (None, "feed")
    assert ad.missing["declared_political"] == "not_provided"


def test_what_a_row_leaves_blank_is_not_disclosed(tmp_path: Path) -> None:
    ad = read_ad(tmp_path, ROW.replace("09.11.2026", ""))
    assert ad.missing["ended_on"] == "not_disclosed"


@pytest.mark.parametrize(
    ("old", "new", "column"),
    [
        ("09.11.2026", "2026-11-09", "last_day"),
        ("02/11/2026 08:30", "yesterday", "seen"),
        ("EUR", "Euro", "unit"),
        ("199", "1.999", "most"),
        ("7;41", ";41", "number"),
        ("199", "99", "record"),
    ],
)
def test_a_value_that_cannot_be_read_holds_its_row_with_line_and_column(
    tmp_path: Path, old: str, new: str, column: str
) -> None:
    held = refusal(read_panel(tmp_path, ROW.replace("7;", "8;"), ROW.replace(old, new)))
    assert (held.file, held.line, held.field) == ("panel.csv", 3, column)


def test_a_file_of_another_shape_is_held_whole(tmp_path: Path) -> None:
    held = refusal(read_panel(tmp_path, ROW, header=HEADER.replace("unit", "currency")))
    assert (held.line, held.field) == (1, "unit")


def test_a_column_that_the_map_does_not_know_is_named_and_its_cells_stay(tmp_path: Path) -> None:
    readings = read_panel(tmp_path, f"{ROW};new", header=f"{HEADER};mood")
    assert refusal(readings).field == "mood"
    assert records(readings)[0].source_fields["mood"] == "new"


@pytest.mark.parametrize(
    ("old", "new", "line", "said"),
    [
        ("ref: number", "id: number", 9, "'id' is no field"),
        ("  ref: number\n", "", 8, "`ref`"),
        ("read: list", "read: guess", 11, "'guess' is none of"),
        ("Europe/Athens", "Europe/Lampton", 4, "'Europe/Lampton' is no time zone"),
        ("Europe/Athens", "Europe", 4, "'Europe' is no time zone"),
        ("Europe/Athens", "UTC\nencoding: rot13", 5, "'rot13' is no encoding of text"),
        ("Europe/Athens", 'UTC\nencoding: "\\0"', 5, "control character"),
        ("kept: [note]", "kept: [unit]", 1, "'unit' is named twice"),
        ("  platform: meta", "  languages: [en]", 6, "`platform`"),
        (
            "  platform: meta",
            "  platform: meta\n  currency: EUR",
            8,
            "both a column and a constant",
        ),
        ("account", "{ column: account, read: text }", 10, "holds an id"),
        ("read: list", "read: text", 11, "`text` reads a text, and `bodies` holds a list of texts"),
        ("account", "{ column: account, read: digits, separator: a }", 10, "`separator` says"),
        ('"%d.%m.%Y"', '"%d.%m."', 13, "'%d.%m.' does not tell a day apart from others"),
        ('"%d/%m/%Y %H:%M"', '"%d/%m/%Y %I:%M"', 12, "does not tell an instant apart"),
        ("seen, forms", "seen, read: day, forms", 12, "`started_at` holds an instant"),
        ("  ref: number", "  url: number\n  ref: number", 1, "the column 'number' is named twice"),
        ("  platform: meta", "  platform: meta\n  ended_at: soon", 8, "constants.ended_at"),
        ("  platform: meta", "  platform: meta\n  source_fields: {}", 8, "source_fields"),
        ("title: A", "titel: A", 1, "title: Field required"),
        ("kept: [note]", "kept: note", 17, "kept"),
    ],
)
def test_a_map_that_says_something_wrong_is_refused_by_file_line_and_field(
    tmp_path: Path, old: str, new: str, line: int, said: str
) -> None:
    settings = write_map(tmp_path, PANEL.replace(old, new))
    with pytest.raises(YamlFileError) as refused:
        find_column_map(settings, "panel")
    told = [str(fault) for fault in refused.value.faults]
    assert any(f"panel.yaml, line {line}: " in fault and said in fault for fault in told), told


def test_a_map_names_all_its_faults_at_once(tmp_path: Path) -> None:
    wrong = PANEL.replace("read: list", "read: text").replace("Europe/Athens", "Lampton")
    wrong = wrong.replace("  ref: number\n", "").replace("[note]", "[unit]")
    with pytest.raises(YamlFileError) as refused:
        find_column_map(write_map(tmp_path, wrong.replace("meta", "meta\n  colour: red")), "panel")
    fields = [fault.field for fault in refused.value.faults]
    separator = "columns.bodies.separator"
    assert fields == ["columns", "columns.bodies.read", separator, "constants.colour", "", "zone"]


PRICES = PANEL.replace("least", "{ column: cost, read: money }").replace(
    "most", "{ column: cost, read: money }"
)
PRICES = PRICES.replace("  currency: unit\n", "").replace("kept:", "blank_words: [unknown]\nkept:")


def read_price(cell: str, shape: str = PRICES) -> list[Reading]:
    reader = MappedReader("panel", ColumnMap.model_validate(yaml.safe_load(shape)))
    text = f"number;account;text;seen;last_day;cost;note;row\n7;41;Vote;;;{cell};;1\n"
    return list(reader.read(SourceFile.from_bytes("panel.csv", text.encode())))


def test_both_ends_of_an_amount_may_stand_in_one_cell_with_its_currency() -> None:
    (ad,) = records(read_price("161.23 RUB"))
    assert isinstance(ad, AdRecord)
    assert (ad.currency, ad.spend_lower_minor, ad.spend_upper_minor) == ("RUB", 161_23, 161_23)


def test_a_dollar_is_the_one_that_the_map_says() -> None:
    shape = PRICES.replace("  platform: meta", "  platform: meta\n  currency: AUD")
    (ad,) = records(read_price("$ 1,200", shape))
    assert isinstance(ad, AdRecord)
    assert (ad.currency, ad.spend_lower_minor) == ("AUD", 1_200_00)
    assert refusal(read_price("1,200 USD", shape)).field == "cost"


def test_an_amount_left_blank_has_no_currency_either() -> None:
    (ad,) = records(read_price("unknown"))
    assert isinstance(ad, AdRecord)
    assert (ad.missing["currency"], ad.missing["spend_lower_minor"]) == ("not_disclosed",) * 2


def test_a_map_that_is_not_there_is_answered_with_those_that_are(tmp_path: Path) -> None:
    with pytest.raises(YamlFileError, match="there is no column map 'pannel'; there are: plain, "):
        find_column_map(Settings(home=tmp_path), "pannel")


def import_panel(
    home: Path, monkeypatch: pytest.MonkeyPatch, *arguments: str, name: str = "ad_feed"
) -> tuple[int, str]:
    write_map(home, PANEL)
    file = home / "panel.csv"
    file.write_text(f"{HEADER}\n{ROW}\n", encoding="utf-8")
    monkeypatch.setenv("PAIDFORBY_HOME", str(home))
    words = ["import", name, str(file), "--no-evaluate", "--no-index", *arguments]
    result = CliRunner().invoke(app, words)
    return result.exit_code, result.output + result.stderr


def test_the_command_reads_a_file_by_the_map_that_is_named(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    code, _ = import_panel(tmp_path, monkeypatch, "--map", "panel")
    engine = open_archive(Settings(home=tmp_path))
    with read(engine) as session:
        assert (code, count_archive(session)["ads"]) == (0, 1)
    engine.dispose()


@pytest.mark.parametrize(
    ("arguments", "name", "said"),
    [
        (("--map", "pannel"), "ad_feed", "there is no column map 'pannel'"),
        (("--map", "panel"), "snap", "--map is for ad_feed"),
        (("--map", "panel", "--complete", "2026"), "ad_feed", "--complete panel"),
    ],
)
def test_a_map_that_cannot_be_meant_is_wrong_usage(
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    arguments: tuple[str, ...],
    name: str,
    said: str,
) -> None:
    code, output = import_panel(tmp_path, monkeypatch, *arguments, name=name)
    assert code == 2
    assert said in output


def test_a_row_that_was_held_is_taken_in_once_its_map_is_mended(home: Home, tmp_path: Path) -> None:
    write_map(home.settings.home, PANEL)
    file = tmp_path / "panel.csv"
    file.write_text(f"{HEADER}\n{ROW.replace('09.11.2026', '2026-11-09')}\n", encoding="utf-8")
    order = ImportOrder(paths=(file,), map_name="panel")
    report = import_files(home.settings, home.engine, AdFeedSpider, order, now)
    assert (report.counts.new, [piece.field for piece in report.unreadable]) == (0, ["last_day"])

    order = (home.settings, home.engine, "1", "A. Reader", "the map is mended", now)
    with pytest.raises(ArchiveError, match=r"piece 1 of panel\.csv still cannot be read"):
        release_quarantined(*order)
    write_map(home.settings.home, PANEL.replace('["%d.%m.%Y"]', '["%d.%m.%Y", "%Y-%m-%d"]'))
    told, counts = release_quarantined(*order)

    assert (told, counts.new) == ("piece 1 of panel.csv", 1)
    assert home.count("ads", "ad_feed") == 1
    with read(home.engine) as session:
        piece = read_quarantined(session, "1")
    assert (piece.status, piece.settled_because) == ("released", "the map is mended")


@given(st.text(max_size=200), st.sampled_from(HEADER.split(";")))
def test_no_cell_makes_a_reader_fail(text: str, column: str) -> None:
    cells = dict(zip(HEADER.split(";"), ROW.split(";"), strict=True)) | {column: text}
    table = io.StringIO()
    csv.writer(table, delimiter=";").writerows([cells.keys(), cells.values()])
    shape = ColumnMap.model_validate(yaml.safe_load(PANEL))
    data = table.getvalue().encode("utf-8", errors="surrogatepass")
    readings = list(MappedReader("panel", shape).read(SourceFile.from_bytes("panel.csv", data)))
    assert readings
