"""A file given to the wrong source is told whose it is, and no reader takes another source's file."""

import json
import zipfile
from pathlib import Path

import pytest
from typer.testing import CliRunner

import scrapers.replica
from config.settings import Settings
from paidforby import app
from scrapers.commands.likely_sources import find_likely_source
from scrapers.spiders import find_spiders

FIXTURES = Path(scrapers.replica.__file__).parent / "fixtures"
DELIVERED = {
    "ad_feed": "ad_feed/day-1/exports/ads.jsonl",
    "google_political_ads": "google_political_ads/day-1/google-political-ads-transparency-bundle.zip",
    "meta_ad_library_report": "meta_ad_library_report/day-1/"
    "FacebookAdLibraryReport_2026-11-20_DE_lifelong.zip",
    "microsoft_ad_library": "microsoft_ad_library/day-1/api/v1/Ads/990000000001",
    "snap": "snap/day-1/political/2018/PoliticalAds.zip",
    "us_fec_bulk": "us_fec_bulk/day-1/files/bulk-downloads/2020/oppexp20.zip",
}


def lay_out(source: str, folder: Path) -> list[Path]:
    """A file as the source delivers it, and what is in it where it is a zip."""
    if source == "meta_ad_library":
        path = folder / "ads.json"
        path.write_text(
            json.dumps({"data": [{"id": "123", "page_id": "9", "page_name": "Harbour"}]})
        )
        return [path]
    given = FIXTURES / DELIVERED[source]
    if given.is_file():
        return [given]
    path = folder / given.name
    members = sorted(member for member in given.iterdir() if member.is_file())
    with zipfile.ZipFile(path, "w") as packed:
        for member in members:
            packed.write(member, member.name)
    tables = [member for member in members if member.name.endswith(("advertisers.csv", "Ads.csv"))]
    return [path, *tables]


@pytest.mark.parametrize("source", [*DELIVERED, "meta_ad_library"])
def test_whose_file_it_is_is_told_to_every_other_source(source, tmp_path):
    settings = Settings(home=tmp_path)
    others = [other for other in find_spiders() if other != source]

    for path in lay_out(source, tmp_path):
        assert [find_likely_source(settings, path, other) for other in others] == [source] * len(
            others
        )
        assert find_likely_source(settings, path, source) is None


def test_a_table_of_a_map_is_told_with_its_map(tmp_path):
    (tmp_path / "config" / "column_maps").mkdir(parents=True)
    shape = "title: T\npublisher: P\ncolumns: {ref: Nummer, platform: Netz, bodies: Text}\n"
    (tmp_path / "config" / "column_maps" / "netz.yaml").write_text(shape)
    path = tmp_path / "netz.csv"
    path.write_text("Nummer,Netz,Text\n1,meta,Wählt\n")

    assert find_likely_source(Settings(home=tmp_path), path, "snap") == "ad_feed --map netz"


def test_the_import_says_what_to_type_and_then_leads_to_the_quarantine(tmp_path, monkeypatch):
    monkeypatch.setenv("PAIDFORBY_HOME", str(tmp_path / "home"))
    (path,) = (p for p in lay_out("snap", tmp_path) if p.suffix == ".csv")

    done = CliRunner().invoke(app, ["import", "meta_ad_library", str(path), "--no-index"])

    assert done.exit_code == 3
    assert f"{path} looks like snap; type: paidforby import snap {path}" in done.stderr
    assert done.stdout.splitlines()[-1] == "next: paidforby quarantine list"


def test_a_file_with_one_bad_row_among_good_ones_is_nobody_elses(tmp_path, monkeypatch):
    monkeypatch.setenv("PAIDFORBY_HOME", str(tmp_path / "home"))
    path = tmp_path / "ads.jsonl"
    path.write_text('{"ref": "1", "platform": "meta", "bodies": ["Vote"]}\nnonsense\n')

    done = CliRunner().invoke(app, ["import", "ad_feed", str(path), "--no-index", "--no-evaluate"])

    assert (done.exit_code, "looks like" in done.stderr) == (3, False)


@pytest.mark.parametrize(
    "words",
    [
        ["import", "snpa", "a.zip"],
        ["crawl", "snpa"],
        ["reread", "snpa"],
        ["credentials", "test", "snpa"],
    ],
)
def test_a_source_that_is_mistyped_is_asked_about_and_all_are_named(words, tmp_path, monkeypatch):
    monkeypatch.setenv("PAIDFORBY_HOME", str(tmp_path / "home"))
    told = CliRunner().invoke(app, words)
    assert (told.exit_code, told.stdout) == (2, "")
    assert told.stderr.startswith(
        "there is no source 'snpa'; did you mean snap? There are: ad_feed, "
    )
    assert "did you mean" not in CliRunner().invoke(app, [words[0], "xyz", *words[2:]]).stderr
    assert list(tmp_path.iterdir()) == []
