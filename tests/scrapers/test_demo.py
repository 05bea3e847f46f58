"""The demo: the whole walk on invented data, in a home of its own."""

import json
import os
import subprocess
import sys
from collections import Counter, defaultdict
from datetime import date
from pathlib import Path

from sqlmodel import col, select

from archive.curation.people import find_key
from archive.models import Ad
from archive.models.runs import Outcome
from archive.records import AdRecord
from archive.store.database import open_archive, read, write
from archive.store.realm import claim_realm
from config.settings import DeploymentKind, Realm, Settings
from scrapers.demo.case import OFFICER, decide_one_ad
from scrapers.demo.summary import tell_archive
from scrapers.demo.walk import (
    DAYS,
    MARKER,
    is_served,
    list_crawl_jobs,
    make_demo_settings,
    prepare_home,
)
from scrapers.readers.files import SourceFile
from scrapers.replica.fixtures import FIXTURES, publish_day
from scrapers.replica.serve import running_replica
from scrapers.sources.spider import SourceSpider, read_delivery
from scrapers.spiders import find_spiders
from scrapers.work.dispatch.following import follow_changes
from tests.scrapers.crawls import now


def run(home, *arguments: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, "-m", "paidforby", *arguments],
        env=os.environ | {"PAIDFORBY_HOME": str(home)},
        capture_output=True,
        text=True,
        check=False,
    )


def read_json(home, *arguments: str):
    return json.loads(run(home, *arguments, "--json").stdout)


def test_the_demo_makes_an_archive_worth_looking_at(tmp_path):
    told = run(tmp_path / "demo", "demo", "--no-serve")
    home = tmp_path / "demo"

    assert told.returncode == 0, told.stderr
    stats = read_json(home, "stats")
    assert stats["realm"] == "fictional"
    assert stats["ad_versions"] > stats["ads"] > 100
    assert stats["quarantined"] == 0
    vanished = count_vanished(home)
    assert (stats["vanished"], vanished["meta_ad_library"]) == (vanished.total(), 1)
    for source, (ads, gone) in count_in_fixtures(home, tmp_path).items():
        counted = stats["by_source"][source]
        assert (source, counted["ads"] + counted["unlabelled"]) == (source, ads)
        assert (source, vanished[source]) == (source, gone)
    assert stats["disclosures"] > 0
    assert stats["signals"] > 0
    assert all(counts["captures"] for counts in stats["by_source"].values())
    outcomes = {source["last_run"]["outcome"] for source in read_json(home, "sources")}
    assert outcomes == {Outcome.DONE}
    assert read_json(home, "search", "climate")["total"] > 0
    assert read_json(home, "verify")["ok"]
    for word in ("who spent most", "not met", "what is not here", "flagged and decided", "next: "):
        assert word in told.stdout
    assert "key of Officer Ada Example (demo), shown only now: pfb_" in told.stdout
    assert all(key["ends_on"] for user in read_json(home, "users", "list") for key in user["keys"])


def count_vanished(home: Path) -> Counter[str]:
    """Ads that the archive says have vanished, by source."""
    query = select(Ad.source).where(col(Ad.vanished_at).is_not(None))
    with read(open_archive(Settings(home=home))) as session:
        return Counter(session.exec(query).all())


def count_in_fixtures(home: Path, folder: Path) -> dict[str, tuple[int, int]]:
    """Ads of each source that publishes files, and those gone on the later day."""
    refs: dict[str, dict[int, set[str]]] = defaultdict(lambda: {day: set() for day in DAYS})
    demo = make_demo_settings(Settings()).model_copy(update={"home": home})
    for day in DAYS:
        served = folder / f"served-{day}"
        publish_day(FIXTURES, day, served)
        for source, spider in find_spiders().items():
            if spider.crawler_path != SourceSpider.crawler_path:
                continue
            for partition in spider.list_partitions(demo, now().date()):
                reader = spider.reader_of(demo, partition)
                files = spider.list_files(demo, partition, str(served / source))
                for file in (Path(file) for file in files if Path(file).exists()):
                    readings = read_delivery(reader, SourceFile.from_path(file))
                    refs[source][day] |= {r.ref for r in readings if isinstance(r, AdRecord)}
    first, last = DAYS
    return {
        source: (len(seen[first] | seen[last]), len(seen[first] - seen[last]))
        for source, seen in refs.items()
    }


def test_every_source_is_crawled_where_the_replica_has_something(home):
    demo = make_demo_settings(home.settings)
    with running_replica() as url:
        crawl_jobs = list(list_crawl_jobs(demo, url, date(2026, 11, 23)))
        fec = find_spiders()["us_fec_bulk"]
        assert not is_served(demo, fec, "2022", f"{url}/us_fec_bulk")

    partitions = {(crawl_job.source, crawl_job.partition) for crawl_job in crawl_jobs}
    assert {source for source, _ in partitions} == set(find_spiders())
    assert ("us_fec_bulk", "2020") in partitions


def test_the_case_of_the_demo_is_whole_and_made_once(home, capsys):
    demo = make_demo_settings(home.settings)
    with running_replica() as url:
        home.crawl_meta(url)
    follow_changes(demo, home.engine, now)

    case = decide_one_ad(demo, home.engine, now)

    assert case.officer == OFFICER
    assert case.ad_id.startswith("meta_ad_library:")
    with read(home.engine) as session:
        assert find_key(session, case.key, now().date())[0].name == OFFICER
    assert any(case.decision in line for line in tell_archive(demo, home.engine, case, now()))
    assert decide_one_ad(demo, home.engine, now) is None


def test_only_a_home_that_a_demo_made_is_emptied(tmp_path):
    theirs = Settings(home=tmp_path / "theirs")
    theirs.home.mkdir()
    (theirs.home / "work.txt").write_text("keep me")
    ours = Settings(home=tmp_path / "ours")

    for settings in (theirs, ours):
        prepare_home(settings)
    (ours.home / "old.txt").write_text("from the last demo")
    for settings in (theirs, ours):
        prepare_home(settings)

    assert (theirs.home / "work.txt").read_text() == "keep me"
    assert [path.name for path in ours.home.iterdir()] == [MARKER]


def test_a_database_elsewhere_keeps_its_evidence(tmp_path):
    settings = Settings(home=tmp_path / "ours", database_url="postgresql+psycopg://db.example/a")
    prepare_home(settings)
    (settings.home / "blob").write_text("evidence")

    prepare_home(settings)

    assert (settings.home / "blob").exists()


def test_the_demo_runs_as_a_demo_and_keeps_the_operators_servers(monkeypatch):
    monkeypatch.delenv("PAIDFORBY_HOME", raising=False)
    given = Settings(
        database_url="postgresql+psycopg://db.example/a", meilisearch_url="http://search.example"
    )

    demo = make_demo_settings(given)

    assert demo.deployment_kind == DeploymentKind.DEMO
    assert demo.home.as_posix() == "var/demo"
    assert (demo.database_url, demo.meilisearch_url) == (given.database_url, given.meilisearch_url)


def test_real_data_and_the_demo_do_not_meet(home):
    with write(home.engine) as session:
        claim_realm(session, Realm.REAL)
    told = home.command("demo", "--no-serve")
    assert told.returncode == 1
    assert "this archive is real" in told.stderr
