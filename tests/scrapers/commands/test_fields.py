"""`paidforby fields`: what waits to be looked at, what a person decided, and what everybody sees of it."""

import json
from pathlib import Path

import pyarrow.parquet as pq
import pytest
from sqlmodel import select
from typer.testing import CliRunner

from archive.exports.mirror import find_folder, sync_mirror
from archive.models import ArchiveFact, PublicAd, Source
from archive.store.database import open_engine, read, write
from archive.terminal import utc_now
from config.settings import Settings
from paidforby import app
from tests.commands import run_paidforby
from tests.migrated import lay_tables

SNAP = Path(__file__).with_name("snap-with-a-new-column.csv")
MAIL = "jane@private.example"
DECIDE = ("--by", "R. Viewer", "--because", "it is the firm's")
META = {
    "id": "170585",
    "page_id": "1",
    "page_name": "Harbour",
    "total_reach_by_location": [{"key": "GR", "value": 3, "home": MAIL}],
    "buyer": {"mail": MAIL},
}
TIKTOK = {
    "ad": {"id": 1, "status": "active", "buyer": {"mail": MAIL}},
    "advertiser": {"mail": MAIL},
}
FEED = {"ref": "1", "platform": "p", "buyer": {"mail": MAIL}}


@pytest.fixture
def settings(tmp_path, monkeypatch):
    monkeypatch.setenv("PAIDFORBY_HOME", str(tmp_path / "home"))
    settings = Settings()
    lay_tables(settings)
    return settings


@pytest.fixture
def run(settings):
    return lambda *words: CliRunner().invoke(app, words)


def bring_in(source, file):
    """Import, in a process of its own: an import changes how its process collects garbage."""
    return run_paidforby("import", source, str(file), "--no-evaluate", "--no-index")


def list_unknown(run):
    listed = json.loads(run("fields", "list", "--json").stdout)["unknown"]
    return {(row["source"], row["name"]) for row in listed}


def read_ads(settings):
    engine = open_engine(settings)
    with read(engine) as session:
        ads = [ad.model_dump_json() for ad in session.exec(select(PublicAd))]
    engine.dispose()
    return ads


def read_files(settings):
    """Every row in every file of the mirror."""
    files = find_folder(settings).glob("*/*.parquet")
    return str([pq.read_table(file).to_pydict() for file in files])


@pytest.mark.parametrize(
    ("source", "said", "names"),
    [
        ("snap", SNAP.read_text(), {"BuyerEmail", "BuyerHomeAddress"}),
        ("meta_ad_library", json.dumps(META), {"buyer.mail", "total_reach_by_location.home"}),
        (
            "tiktok_commercial_content",
            json.dumps({"data": {"ads": [TIKTOK]}}),
            {"ad.buyer.mail", "advertiser.mail"},
        ),
        ("ad_feed", json.dumps(FEED), {"buyer.mail"}),
    ],
)
def test_a_column_or_key_nobody_knows_is_listed_and_shown_to_nobody(
    run, settings, tmp_path, source, said, names
):
    file = tmp_path / "delivered"
    file.write_text(said)
    assert bring_in(source, file).returncode == 3

    assert list_unknown(run) == {(source, name) for name in names}
    (ad,) = read_ads(settings)
    assert MAIL not in ad
    assert "Private Row" not in ad


def test_a_decision_is_told_kept_and_taken_back_out_of_every_copy(run, settings):
    bring_in("snap", SNAP)
    allowed = run("fields", "allow", "snap", "BuyerEmail", *DECIDE)
    assert (allowed.exit_code, "shown from now on: 1 record has it" in allowed.stdout) == (0, True)
    engine = open_engine(settings)
    sync_mirror(engine, find_folder(settings), utc_now())
    engine.dispose()
    assert MAIL in read_files(settings)
    assert MAIL in read_ads(settings)[0]

    again = run("fields", "allow", "snap", "BuyerEmail", *DECIDE)
    assert (again.exit_code, "shown already" in again.stderr) == (1, True)
    taken = run("fields", "withhold", "snap", "BuyerEmail", "--by", "Jo", "--because", "a person's")
    assert taken.exit_code == 0
    assert MAIL not in read_ads(settings)[0]
    assert MAIL not in read_files(settings)
    told = run("fields", "list").stdout
    assert "allowed by R. Viewer" in told
    assert "taken back by Jo" in told


def test_init_hides_what_an_archive_of_before_shows(run, settings):
    bring_in("snap", SNAP)
    run("fields", "allow", "snap", "BuyerEmail", *DECIDE)
    engine = open_engine(settings)
    with write(engine) as session:
        session.connection().exec_driver_sql("DELETE FROM allowed_field")
        session.delete(session.get_one(ArchiveFact, "shown:snap"))
        session.get_one(Source, "snap").shown_fields = []
    engine.dispose()
    assert MAIL in read_ads(settings)[0]

    result = run("init")
    assert (result.exit_code, "1 record looks otherwise" in result.stderr) == (0, True)
    assert MAIL not in read_ads(settings)[0]
    assert "Federal" in read_ads(settings)[0]
