"""`as_of` and `valid_at` mean the same to the command, the API and the page."""

import json
import re
from datetime import timedelta

import pytest
from typer.testing import CliRunner

from api.pages import ROUTERS
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


BEFORE = "2026-02-28"
"""Nothing was known by then."""

PLACES = {
    "source": "example",
    "ref": "a1",
    "advertiser_id": "example:page-1",
    "what": "ads",
    "form": "jsonl",
    "kind": "payer",
    "key": "friends-of-the-harbour",
    "capture_id": "1",
    "run_id": "1",
    "sha256": "0" * 64,
    "list_id": "nowhere",
    "source_id": "example",
}


def fill_path(path, rule_id):
    places = PLACES | {"rule_id": rule_id}
    return re.sub(r"\{(\w+)(?::path)?\}", lambda part: places.get(part[1], "nothing"), path)


def leave_times(text):
    """What an answer says beside the moment it is of."""
    return re.sub(r'"(as_of|valid_at|data_as_of)":("[^"]*"|null)|href="[^"]*"', "", text)


def test_no_address_of_the_api_leaves_out_the_moment_it_is_asked_about(client, rule_id):
    described = client.get("/api/v1/openapi.json").json()["paths"]
    told = {"honoured": 0, "only now": 0}
    for path in [path for path, methods in described.items() if "get" in methods]:
        address = f"/api/v1{fill_path(path, rule_id)}"
        for clock_of in ("as_of", "valid_at"):
            then = client.get(address, params={clock_of: BEFORE}, follow_redirects=False)
            if then.status_code == 400:
                assert f"this list knows only now; leave {clock_of} out" in then.text, address
                told["only now"] += 1
            elif then.status_code != 404:
                now = client.get(address)
                is_empty = not now.text or '"items":[]' in now.text
                assert is_empty or leave_times(then.text) != leave_times(now.text), address
                told["honoured"] += 1
    assert min(told.values()) > 10


def test_no_page_leaves_out_the_moment_it_is_asked_about(client, rule_id):
    routes = [
        route
        for router in ROUTERS
        for route in router.routes
        if "GET" in route.methods and not route.path.startswith(("/static", "/media", "/.well"))
    ]
    for route in routes:
        address = fill_path(route.path, rule_id)
        then = client.get(address, params={"as_of": BEFORE}, follow_redirects=False)
        is_told = "this list knows only now" in then.text or "28 Feb 2026" in then.text
        assert is_told or then.status_code in {302, 307, 404}, address


@pytest.mark.parametrize("part", ["", "/versions", "/metrics", "/vanished", "/media"])
def test_an_ad_before_it_was_known_says_since_when_it_is(client, part):
    problem = client.get(f"/api/v1/ads/example/a1{part}", params={"as_of": BEFORE}).json()
    assert problem["status"] == 404
    told = "the ad 'example:a1' was not yet known then; known since 2026-03-01 12:00:00 UTC"
    assert problem["detail"] == told
    assert client.get(f"/api/v1/ads/example/nobody{part}?as_of={BEFORE}").json()["detail"] == (
        "there is no ad 'example:nobody' in this archive"
    )


def test_an_advertiser_and_a_page_say_so_too(client):
    for path in ("/api/v1/advertisers/example:page-1", "/ads/example/a1"):
        answer = client.get(path, params={"as_of": BEFORE})
        assert answer.status_code == 404
        assert "not yet known then; known since 2026-03-01 12:00:00 UTC" in answer.text


@pytest.mark.parametrize("first_day", ["2026-03-02", "2030-01-01"])
def test_a_search_of_days_to_come_says_that_its_sources_were_crawled_before(client, first_day):
    (crawled,) = client.get("/api/v1/search", params={"from": first_day}).json()["coverage"]
    assert crawled["sentence"] == "not crawled in those days, last on 1 Mar 2026"
