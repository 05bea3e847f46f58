"""`paidforby replica` lays out or serves what its options say."""

import json
from pathlib import Path
from socket import create_server

import httpx2
import pytest
from typer.testing import CliRunner

from paidforby import app
from scrapers.commands.replica import create_days, lay_out_days
from scrapers.replica.seeded.days import SeedPlan
from scrapers.replica.serve import serve_app
from tests.scrapers.replica.asking import EVERYTHING, get

RUNNER = CliRunner()


def test_days_are_laid_out_with_the_truth_beside_them(tmp_path: Path) -> None:
    folder = tmp_path / "made"
    options = ["--ads", "30", "--seed", "4", "--days", "2", "--to", str(folder)]
    result = RUNNER.invoke(app, ["replica", *options])
    truth = json.loads((folder / "truth.json").read_text("utf-8"))
    assert result.exit_code == 0
    assert (truth["ads"], truth["seed"], [day["day"] for day in truth["days"]]) == (30, 4, [1, 2])
    assert (folder / "day-2" / "snap" / "political" / "2026" / "PoliticalAds.zip").is_file()
    assert list((folder / "day-1" / "meta_ad_library").rglob("ads.jsonl"))
    assert "next: paidforby import snap" in result.stdout


def test_a_folder_that_is_there_is_left_alone(tmp_path: Path) -> None:
    result = RUNNER.invoke(app, ["replica", "--to", str(tmp_path)])
    assert result.exit_code == 2
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize(
    ("command", "instead"),
    [
        (["replica", "--port"], "choose another: --port"),
        (["demo"], "free it, or type: paidforby demo --no-serve"),
    ],
)
def test_a_port_in_use_is_one_line_before_anything_is_made(
    command: list[str], instead: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("PAIDFORBY_HOME", str(tmp_path / "home"))
    with create_server(("127.0.0.1", 0)) as taken:
        port = taken.getsockname()[1]
        monkeypatch.setattr("scrapers.demo.walk.PORT", port)
        options = [str(port)] if "--port" in command else []
        result = RUNNER.invoke(app, [*command, *options])
    why = f"cannot listen on 127.0.0.1 port {port}: Address already in use; {instead}\n"
    assert (result.exit_code, result.stdout, result.stderr) == (1, "", why)
    assert list(tmp_path.iterdir()) == []


def test_a_port_that_is_none_is_refused_by_the_replica() -> None:
    result = RUNNER.invoke(app, ["replica", "--port", "80999"])
    assert (result.exit_code, result.stdout) == (2, "")
    assert "'--port': Input should be less than or equal to 65535" in result.stderr


def test_every_day_is_served_under_its_own_path(tmp_path: Path) -> None:
    days = lay_out_days(SeedPlan(ads=200, seed=4), 2, tmp_path)
    with serve_app(create_days(tmp_path, days)) as address:
        bundles = [
            get(address, f"/day-{day}/snap/political/2026/PoliticalAds.zip").content
            for day in (1, 2)
        ]
        truth = get(address, "/truth.json").json()
        robots = get(address, "/robots.txt").status_code
        first = httpx2.get(
            f"{address}/day-2/meta_ad_library/v26.0/ads_archive",
            params=EVERYTHING | {"limit": "40"},
            trust_env=False,
        ).json()
        second = httpx2.get(first["paging"]["next"], trust_env=False).json()
    assert bundles[0] != bundles[1]
    assert (truth["seed"], robots) == (4, 200)
    shown = [ad["id"] for page in (first, second) for ad in page["data"]]
    assert len(shown) == len(set(shown)) == len(days[1].ads)
