"""`paidforby verify`: a sound archive says so; whatever is not as it was written is named."""

import json
import shutil

import pytest
from sqlalchemy import text
from sqlmodel import select

from archive.exports.mirror import find_folder, sync_mirror
from archive.models import Capture, MediaFile
from archive.store.blobs import BlobStore
from archive.store.checking import MOST_NAMED
from archive.store.database import open_archive, read, write
from archive.store.evidence import check_blobs
from archive.store.references import check_tables
from scrapers.commands.verify import check_archive
from scrapers.doctor.keeping import examine_findings
from scrapers.replica.fixtures import FIXTURES
from search.copies.sync import sync_index
from search.engines import open_search
from tests.archive.exports.backups import fill, make_home
from tests.invented import NOW, record_run
from tests.invented_records import harbour_ads
from tests.scrapers.commands.verified import NAMES, make_verified, run, verify


@pytest.fixture(scope="module")
def original(tmp_path_factory):
    """A home whose search copy and mirror have followed, and in which a decision was taken."""
    return make_verified(tmp_path_factory.mktemp("verified") / "home")


@pytest.fixture
def settings(original, tmp_path):
    return make_home(shutil.copytree(original, tmp_path / "home"))


@pytest.fixture
def engine(settings):
    engine = open_archive(settings)
    yield engine
    engine.dispose()


def read_first_capture(engine) -> Capture:
    with read(engine) as session:
        return session.exec(select(Capture).order_by(Capture.id)).first()


def execute(engine, *statements: str) -> None:
    with write(engine) as session:
        # As somebody would who goes to the file past the archive.
        for statement in statements:
            session.connection().execute(text(statement))


def test_a_sound_archive_says_so_and_how_much_was_looked_at(settings):
    done = run(settings.home, "verify")

    assert done.exit_code == 0
    lines = done.stdout.splitlines()
    told = [line.split() for line in lines[1 : 1 + len(NAMES)]]
    assert [words[:2] for words in told] == [[name, "sound"] for name in NAMES]
    assert all(int(words[2].replace(",", "")) > 0 for words in told)
    assert "next: paidforby backup" in lines[-1]


def test_an_archive_with_nothing_in_it_yet_is_sound(tmp_path):
    assert run(tmp_path / "new", "init").exit_code == 0

    done = run(tmp_path / "new", "verify")

    assert done.exit_code == 0
    assert "paidforby index sync" in done.stdout
    assert "paidforby mirror sync" in done.stdout


def test_a_rewritten_ad_version_and_decision_are_named_and_no_backup_takes_them_silently(
    settings, engine, tmp_path
):
    execute(
        engine,
        "UPDATE ad_version SET content = replace(content, 'e', 'a') WHERE id = 2",
        "UPDATE decision SET reasons = 'Nothing is wrong with it.'",
    )

    code, bad = verify(settings.home)
    made = run(settings.home, "backup", "--to", str(tmp_path / "b"))
    back = run(tmp_path / "second", "restore", "--from", str(tmp_path / "b"))

    assert code == 1
    named = [what.split(":")[0] for what in bad["ledger"]]
    assert named == ["ad_version 2", "decision 1"]
    assert (made.exit_code, back.exit_code) == (3, 3)
    for said in (made, back):
        assert "decision 1: its row is not what the ledger holds" in said.output
    assert verify(tmp_path / "second")[1]["ledger"] == bad["ledger"]


def test_a_backup_whose_rows_were_rewritten_after_it_was_made_is_refused(settings, tmp_path):
    backup = tmp_path / "b"
    assert run(settings.home, "backup", "--to", str(backup)).exit_code == 0
    kept = json.loads((backup / "manifest.json").read_text())
    execute(open_archive(settings), "UPDATE decision SET reasons = 'Nothing is wrong with it.'")
    shutil.rmtree(backup)
    assert run(settings.home, "backup", "--to", str(backup)).exit_code == 3
    manifest = json.loads((backup / "manifest.json").read_text())
    (backup / "manifest.json").write_text(
        json.dumps(manifest | {"ledger_check": kept["ledger_check"]})
    )

    back = run(tmp_path / "second", "restore", "--from", str(backup))

    assert back.exit_code == 1
    assert "decision 1" in back.stderr


def test_evidence_is_read_from_the_disk_and_named_with_the_row_it_belongs_to(settings, engine):
    store = BlobStore(settings.blobs_dir)
    with read(engine) as session:
        gone, damaged = session.exec(select(Capture).order_by(Capture.id)).all()[:2]
    store.path_of(gone.sha256).unlink()
    path = store.path_of(damaged.sha256)
    data = bytearray(path.read_bytes())
    data[len(data) // 2] ^= 1
    path.write_bytes(data)

    _, bad = verify(settings.home)

    assert sorted(bad.pop("blobs")) == [
        f"capture {lost.id}: its evidence {lost.sha256} is {what}; run {lost.run_id} had it from {lost.url} "
        f"on {lost.fetched_at:%Y-%m-%d}"
        for lost, what in ((gone, "not there"), (damaged, "damaged"))
    ]
    assert bad == {}


def test_the_file_of_an_import_is_named_and_brings_damaged_evidence_back(tmp_path):
    home, file = tmp_path / "home", tmp_path / "PoliticalAds.csv"
    shutil.copy(FIXTURES / "snap/day-1/political/2019/PoliticalAds.zip/PoliticalAds.csv", file)
    imported = run(home, "import", "snap", str(file), "--no-evaluate", "--no-index")
    assert imported.exit_code in (0, 3), imported.output
    engine = open_archive(make_home(home))
    capture = read_first_capture(engine)
    engine.dispose()
    BlobStore(home / "blobs").path_of(capture.sha256).write_bytes(b"scratched")

    (told,) = verify(home)[1]["blobs"]
    done = run(home, "verify")
    run(home, "import", "snap", str(file), "--no-evaluate", "--no-index")

    assert told.endswith(
        "PoliticalAds.csv on " + f"{capture.fetched_at:%Y-%m-%d}, which brings it back: "
        "paidforby import snap FILE"
    )
    assert "next: paidforby import SOURCE FILE" in done.stdout
    assert verify(home) == (0, {})


def test_what_was_found_is_told_by_the_doctor_until_it_is_found_sound(settings, engine):
    name = BlobStore(settings.blobs_dir).path_of(read_first_capture(engine).sha256)
    bytes_ = name.read_bytes()
    assert examine_findings(settings).detail == "last verified: never"
    name.write_bytes(bytes_[:-1])
    verify(settings.home)

    found = examine_findings(settings)
    assert (found.works, found.to_type) == (False, "paidforby verify")
    assert found.detail.endswith("UTC: 1 fault (blobs 1)")

    name.write_bytes(bytes_)
    verify(settings.home)
    assert examine_findings(settings).works


def test_a_copy_that_lost_an_ad_is_bad_and_one_that_lags_behind_is_not(settings, engine):
    execute(engine, "DELETE FROM search_1_ad WHERE id = 1")
    assert list(verify(settings.home)[1]) == ["search"]
    sync_index(engine, open_search(settings, engine), NOW)
    assert verify(settings.home)[0] == 0

    blobs = BlobStore(settings.blobs_dir)
    ads = [harbour_ads(0)[1].model_copy(update={"ref": "new"})]
    with write(engine) as session:
        record_run(session, blobs, "harbour_ads", "2027", NOW, ads)
    done = run(settings.home, "verify")

    assert done.exit_code == 0
    assert done.stdout.count("1 change behind") == 2


def test_files_of_the_mirror_are_hashed_and_its_rows_counted(settings, engine):
    folder = find_folder(settings)
    ads, metrics = next(folder.glob("public_ad/*")), next(folder.glob("ad_metric/*"))
    shutil.copy(metrics, ads)
    assert verify(settings.home)[1] == {"mirror": [f"public_ad/{ads.name}: not what was written"]}

    ads.unlink()
    assert verify(settings.home)[1] == {"mirror": [f"public_ad/{ads.name}: not there"]}

    shutil.rmtree(folder)
    sync_mirror(engine, folder, NOW)
    execute(engine, "DELETE FROM ad_metric WHERE id = 1")
    (told,) = verify(settings.home)[1]["mirror"]
    assert told.startswith("ad_metric: ")


def test_what_was_found_sound_once_must_still_be_there_the_next_time(settings, engine):
    assert verify(settings.home) == (0, {})
    execute(engine, "DELETE FROM decision", "DELETE FROM ledger_leaf WHERE kind = 'decision'")

    _, bad = verify(settings.home)

    assert "the root over the first" in bad["ledger"][-1]


def test_rows_that_name_what_is_not_there_are_found_on_either_database(archive_url, tmp_path):
    settings = make_home(tmp_path / "home", archive_url)
    engine = fill(settings)
    with read(engine) as session:
        before = check_tables(session, lambda _: None)
    whole = check_archive(settings, engine, lambda _: lambda _: None)
    execute(
        engine,
        "DELETE FROM ad_metric",
        "UPDATE public_ad SET version_id = 4711 WHERE id = 1",
    )
    with read(engine) as session:
        after = check_tables(session, lambda _: None)
        files = set(session.exec(select(MediaFile.sha256)))
    blobs = check_blobs(engine, BlobStore(settings.blobs_dir), lambda _: None)

    assert [check.name for check in whole] == NAMES
    assert whole[2].ok
    assert not any("could not be read" in what for check in whole for what in check.bad)
    new = set(after.bad) - set(before.bad)
    assert new == {"public_ad 1: its version_id 4711 is no row of ad_version"}
    assert blobs.checked > len(files) > 0
    engine.dispose()


def test_of_many_bad_things_the_first_are_named_and_all_are_counted(settings, engine):
    execute(
        engine,
        "PRAGMA foreign_keys = OFF",
        "INSERT INTO sighting SELECT value, 'ad', 0, 1, 1, x'00' FROM "
        "(WITH RECURSIVE n(value) AS (SELECT 5000 UNION ALL SELECT value + 1 FROM n LIMIT 50) "
        "SELECT value FROM n)",
    )

    checks = check_archive(settings, engine, lambda _: lambda _: None)
    done = run(settings.home, "verify")

    assert (checks[0].bad_count, len(checks[0].bad)) == (50, MOST_NAMED)
    assert f"tables: and {50 - MOST_NAMED} more" in done.stdout
