"""`as_of` and `valid_at` mean the same to the command, the API and the page."""

import json
import re
from datetime import timedelta

import pytest
from typer.testing import CliRunner

from archive.store.database import open_engine
from paidforby import app
from search.copies.sync import sync_index
from search.engines import open_search
from tests.api.conftest import NOON, make_ad

TOTALS = {
    "": 4,
    "2026-02-28": 0,
    "2026-03-01": 4,
    "2026-03-01T12:00": 3,
    "2026-03-01T12:00Z": 3,
    "2026-03-01T14:00+02:00": 3,
    "2026-03-01T12:00+02:00": 0,
    "2026-03-01T12:30:00Z": 4,
}
REFUSED = {
    "2026-03-02": "has not come yet",
    "2026-03-01T13:01Z": "has not come yet",
    "yesterday": "such as 2026-11-20 or 2026-11-20T07:20Z",
    "20260301": "such as 2026-11-20 or 2026-11-20T07:20Z",
}
COMMANDS = ["search", "spend", "corrections", "rules list"]
PAGES = ["/search", "/spend", "/corrections", "/rules", "/ads/example/a1", "/advertisers/example:1"]


@pytest.fixture
def run(settings, clock, monkeypatch):
    """Run a command at one o'clock, as the application's clock says."""
    monkeypatch.setenv("PAIDFORBY_HOME", str(settings.home))
    monkeypatch.setattr("archive.commands.moment_options.utc_now", clock)
    return lambda command: CliRunner().invoke(app, command.split(" "))


@pytest.fixture(autouse=True)
def fourth_ad(take_in, settings):
    """Three ads were learned at noon, one half an hour later."""
    take_in([make_ad("late")], NOON + timedelta(minutes=30))
    engine = open_engine(settings)
    sync_index(engine, open_search(settings, engine), NOON)
    engine.dispose()


@pytest.mark.parametrize("clock_of", ["as_of", "valid_at"])
@pytest.mark.parametrize(("text", "total"), TOTALS.items())
def test_a_moment_gives_the_same_total_wherever_it_is_asked(
    run, ask, client, clock_of, text, total
):
    option = f"--{clock_of.replace('_', '-')}"
    asked = {clock_of: text}
    page = client.get("/search", params=asked).text
    assert re.findall(r'id="total">(\d+) ads', page) == [str(total)]
    assert client.get("/api/v1/search", params=asked).json()["total"] == total
    assert json.loads(run(f"search --json {option}={text}").stdout)["total"] == total

    told = json.loads(run(f"spend --json {option}={text}").stdout)
    assert told == client.get("/api/v1/spend", params=asked).json()
    assert sum(group["ads"] for group in told["groups"]) == total


@pytest.mark.parametrize("clock_of", ["as_of", "valid_at"])
@pytest.mark.parametrize(("text", "says"), REFUSED.items())
def test_what_cannot_be_answered_is_refused_everywhere_in_the_same_words(
    run, client, clock_of, text, says
):
    asked = {clock_of: text}
    problem = client.get("/api/v1/ads", params=asked).json()
    assert problem["status"] == 400
    assert problem["errors"][0]["field"] == f"query.{clock_of}"
    assert says in problem["detail"]
    assert clock_of in problem["detail"]
    for path in PAGES:
        page = client.get(path, params=asked)
        assert (page.status_code, says in page.text) == (400, True), path
    for command in COMMANDS:
        result = run(f"{command} --{clock_of.replace('_', '-')}={text}")
        assert (result.exit_code, result.stderr.strip()) == (2, problem["detail"]), command


def test_every_address_of_the_api_that_takes_a_moment_refuses_one_to_come(client):
    described = client.get("/api/v1/openapi.json").json()["paths"]
    taking = [
        path
        for path, methods in described.items()
        for parameter in methods.get("get", {}).get("parameters", [])
        if parameter["name"] == "as_of"
    ]
    assert len(taking) > 10
    for path in taking:
        filled = path.format(
            source="example",
            ref="a1",
            advertiser_id="example:1",
            what="ads",
            form="csv",
            rule_id="r",
        )
        for asked in ({"as_of": "2026-03-02"}, {"valid_at": "2026-03-02"}):
            assert client.get(f"/api/v1{filled}", params=asked).status_code == 400, path
