"""Seeded days: the same seed gives the same bytes, days differ as told, and the truth is true."""

import csv
import hashlib
import io
import json
import zipfile
from collections.abc import Iterator
from pathlib import Path

import pytest

from archive.bounds import TABLE_RECORD
from scrapers.replica.seeded import google, snap
from scrapers.replica.seeded.days import (
    SeededDay,
    SeedPlan,
    lay_out_day,
    write_api_ads,
    write_truth,
)
from scrapers.replica.seeded.dice import Dice
from scrapers.replica.seeded.states import Series
from scrapers.replica.seeded.words import AWKWARD
from tests.scrapers.replica.asking import get, walk_meta
from tests.scrapers.replica.seeded_days import running_seeded_day

PLAN = SeedPlan(ads=1_500, seed=7)
DAYS = (1, 2, 3)
CREATIVES = "google-political-ads-creative-stats.csv"


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("seeded")


@pytest.fixture(scope="module")
def days(folder: Path) -> dict[int, SeededDay]:
    return {day: lay_out_day(PLAN, day, folder / f"day-{day}") for day in DAYS}


def hash_files(folder: Path) -> dict[str, str]:
    return {
        path.relative_to(folder).as_posix(): hashlib.sha256(path.read_bytes()).hexdigest()
        for path in folder.rglob("*")
        if path.is_file()
    }


def read_rows(path: Path, member: str) -> Iterator[dict[str, str]]:
    csv.field_size_limit(TABLE_RECORD.most)
    with zipfile.ZipFile(path) as archive:
        text = archive.read(member).decode("utf-8-sig")
    return csv.DictReader(io.StringIO(text, newline=""))


def read_snap(folder: Path, day: int, year: int) -> dict[str, dict[str, str]]:
    path = folder / f"day-{day}" / "snap" / "political" / str(year) / "PoliticalAds.zip"
    return {row["ADID"]: row for row in read_rows(path, "PoliticalAds.csv")}


def read_google(folder: Path, day: int) -> dict[str, dict[str, str]]:
    path = folder / f"day-{day}" / google.SOURCE / google.BUNDLE
    return {row["Ad_ID"]: row for row in read_rows(path, CREATIVES)}


def test_the_same_seed_gives_the_same_bytes_and_another_seed_others(
    days: dict[int, SeededDay], folder: Path, tmp_path: Path
) -> None:
    again = lay_out_day(PLAN, 2, tmp_path / "again")
    lay_out_day(SeedPlan(PLAN.ads, seed=8), 2, tmp_path / "other")
    assert hash_files(tmp_path / "again") == hash_files(folder / "day-2")
    assert again.tallies == days[2].tallies
    different = hash_files(tmp_path / "other").items() - hash_files(folder / "day-2").items()
    assert len(different) == len(hash_files(folder / "day-2"))


def test_there_are_as_many_ads_as_were_asked_for(days: dict[int, SeededDay]) -> None:
    assert sum(tally.shown for tally in days[1].tallies if tally.kind == "ads") == PLAN.ads


def test_snap_files_hold_what_the_truth_says(days: dict[int, SeededDay], folder: Path) -> None:
    for day in DAYS:
        for year in snap.YEARS:
            tally = days[day].find_tally("snap", str(year))
            rows = read_snap(folder, day, year).values()
            spent = {
                code: sum(int(r["Spend"]) for r in rows if r["Currency Code"] == code) * 100
                for code in tally.totals
            }
            assert len(rows) == tally.shown
            assert {code: total.lower_minor for code, total in tally.totals.items()} == spent


def test_days_differ_as_the_truth_says(days: dict[int, SeededDay], folder: Path) -> None:
    for day in DAYS[1:]:
        tally = days[day].find_tally("google_political_ads", "bundle")
        before, after = read_google(folder, day - 1), read_google(folder, day)
        kept = before.keys() & after.keys()
        lower = {ref: int(after[ref]["Spend_Range_Min_USD"]) for ref in kept}
        moved = {ref: lower[ref] - int(before[ref]["Spend_Range_Min_USD"]) for ref in kept}
        said = "Geo_Targeting_Excluded"
        assert len(after.keys() - before.keys()) == tally.new
        assert before.keys() - after.keys() == set(tally.vanished_refs)
        assert sum(change > 0 for change in moved.values()) == tally.grown
        assert sum(change < 0 for change in moved.values()) == tally.lowered
        assert sum(before[ref][said] != after[ref][said] for ref in kept) == tally.reworded


def test_every_kind_of_change_happens(days: dict[int, SeededDay]) -> None:
    later = [tally for day in DAYS[1:] for tally in days[day].tallies if tally.kind == "ads"]
    for what in ("new", "grown", "lowered", "reworded", "vanished_refs"):
        assert any(getattr(tally, what) for tally in later)


def test_the_api_shows_what_the_truth_says(days: dict[int, SeededDay]) -> None:
    with running_seeded_day(PLAN, 3) as (address, served):
        fields = "id,currency,spend,languages"
        ads = walk_meta(address, fields=fields, limit="250", ad_reached_countries="US")
    tally = days[3].find_tally("meta_ad_library", "US")
    spends = [ad["spend"] for ad in ads]
    refs = [int(ad["id"]) for ad in ads]
    assert served.tallies == days[3].tallies
    assert refs == sorted(set(refs), reverse=True)
    assert len(refs) == tally.shown
    total = tally.totals["USD"]
    assert sum(int(spend["lower_bound"]) for spend in spends) * 100 == total.lower_minor
    assert sum("upper_bound" not in spend for spend in spends) == total.open_count
    assert {"el", "ar", "hi", "ja"} <= {ad["languages"][0] for ad in ads}


def test_what_day_2_left_alone_keeps_its_tag(tmp_path: Path) -> None:
    plan = SeedPlan(ads=90, seed=2)
    days = {day: lay_out_day(plan, day, tmp_path / f"day-{day}") for day in (1, 2)}
    paths = {year: f"snap/political/{year}/PoliticalAds.zip" for year in snap.YEARS}
    kept = [
        year
        for year, path in paths.items()
        if (tmp_path / "day-1" / path).stat().st_mtime
        == (tmp_path / "day-2" / path).stat().st_mtime
    ]
    same = [y for y in snap.YEARS if read_snap(tmp_path, 1, y) == read_snap(tmp_path, 2, y)]
    assert kept == same == [y for y in paths if days[2].find_tally("snap", str(y)).changed_day == 1]
    assert 0 < len(kept) < len(snap.YEARS)


def test_awkward_values_stand_in_the_first_ads(folder: Path, days: dict[int, SeededDay]) -> None:
    assert days[1].number == 1
    names = {
        row["OrganizationName"]
        for year in snap.YEARS
        for row in read_snap(folder, 1, year).values()
    }
    assert set(AWKWARD) <= names
    cells = [row["Geo_Targeting_Included"] for row in read_google(folder, 1).values()]
    assert sorted(map(len, cells))[-2] >= 29_000
    assert max(map(len, cells)) > 131_072


def test_a_report_begins_with_a_mark_ends_without_a_line_and_censors_small_sums(
    folder: Path, days: dict[int, SeededDay]
) -> None:
    (path,) = (folder / "day-1" / "meta_ad_library_report").iterdir()
    with zipfile.ZipFile(path) as archive:
        (name,) = (name for name in archive.namelist() if name.endswith("_advertisers.csv"))
        text = archive.read(name)
    rows = list(read_rows(path, name))
    spent = [row["Amount spent (USD)"] for row in rows]
    exact = [int(amount) for amount in spent if amount != "≤100"]
    assert text.startswith(b"\xef\xbb\xbf")
    assert not text.endswith(b"\n")
    assert exact == sorted(exact, reverse=True)
    total = days[1].find_tally("meta_ad_library_report", "US", "pages").totals["USD"]
    assert (len(rows), sum(exact) * 100) == (total.things, total.lower_minor)


def test_the_truth_is_written_down_for_other_programs(
    days: dict[int, SeededDay], tmp_path: Path
) -> None:
    write_truth(PLAN, days.values(), tmp_path / "truth.json")
    truth = json.loads((tmp_path / "truth.json").read_text("utf-8"))
    first = truth["days"][0]["partitions"][0]
    assert (truth["ads"], truth["seed"], len(truth["days"])) == (1_500, 7, 3)
    assert first == days[1].tallies[0].describe()


def test_the_ads_of_the_api_can_be_laid_out_too(days: dict[int, SeededDay], tmp_path: Path) -> None:
    write_api_ads(days[1], tmp_path)
    (path,) = tmp_path.rglob("ads.jsonl")
    ads = [json.loads(line) for line in path.read_text("utf-8").split("\n") if line]
    assert [ad["id"] for ad in ads] == [ad.ref for ad in days[1].ads]


def test_a_seeded_day_is_served_like_a_fixture() -> None:
    with running_seeded_day(SeedPlan(40, 1), 1) as (address, _):
        first = get(address, "/snap/political/2026/PoliticalAds.zip")
        again = get(
            address,
            "/snap/political/2026/PoliticalAds.zip",
            {"If-None-Match": first.headers["ETag"]},
        )
    assert (first.status_code, again.status_code) == (200, 304)


def test_dice_roll_the_same_for_the_same_names_and_reach_every_side() -> None:
    rolls = [Dice(1, "teapot", index).roll(6) for index in range(300)]
    assert rolls == [Dice(1, "teapot", index).roll(6) for index in range(300)]
    assert set(rolls) == set(range(6))
    long = Dice(1, "long")
    assert len({long.roll(1 << 32) for _ in range(200)}) == 200


def test_a_thing_stays_gone_and_meets_one_change_a_day() -> None:
    things = Series(seed=3, name="things", first=2_000, top_level=9)
    days = [{step.index: step for step in things.find_steps(range(9_999), day)} for day in (4, 5)]
    earlier, later = days
    assert len(later) - len(earlier) == things.added
    for index, step in earlier.items():
        assert later[index].before == step.now
        assert later[index].now.is_gone >= step.now.is_gone
        level, wording = step.now.level, step.now.wording
        now = later[index].now
        assert (now.level != level) + (now.wording != wording) + (
            now.is_gone != step.now.is_gone
        ) < 2
