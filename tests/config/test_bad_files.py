"""Every kind of bad file in every folder of configuration: each is named, and its neighbours go on."""

import json
import re
from pathlib import Path

import pytest
from fastapi.testclient import TestClient
from typer.testing import CliRunner

import paidforby
from api.app import create_app
from archive.spending.exchange_rates import list_refused_rates
from archive.store.database import open_archive
from config.overlay import list_config_files
from config.settings import Settings
from config.yaml_files import YamlFileError, read_file
from oversight.rules.rule_book import read_rule_book
from scrapers.readers.column_maps import read_column_maps
from scrapers.spiders import find_spiders
from scrapers.spiders.ad_feed import read_feeds
from scrapers.work.plan.credentials import read_credentials
from scrapers.work.plan.refused_files import keep_refused_files, list_refused_files
from scrapers.work.plan.schedule import read_schedules
from tests.commands import run_paidforby
from tests.config.bad_files import (
    BAD_RATES,
    GOOD,
    RATES,
    RULE,
    SOURCES,
    write,
    write_bad_files,
    write_one_bad_file_a_kind,
)
from tests.migrated import lay_tables


@pytest.fixture
def settings(tmp_path: Path) -> Settings:
    """A home with a good file of every kind, and nothing due."""
    settings = Settings(home=tmp_path / "home", database_url=None, meilisearch_url=None)
    lay_tables(settings)
    for place, text in GOOD.items():
        name = "snap" if place.startswith(SOURCES) else "good"
        write(settings, place.format(name), text)
    for source in find_spiders():
        write(settings, f"schedules/{source}.yaml", GOOD["schedules/{}.yaml"])
    write(settings, "fx/good.csv", RATES)
    return settings


def test_every_bad_file_is_named_with_its_reason_and_its_neighbours_go_on(
    settings: Settings,
) -> None:
    before = list_refused_files(settings)
    said = write_bad_files(settings)

    refused = {Path(error.file): error for error in list_refused_files(settings)}

    assert before == []
    assert refused.keys() == said.keys()
    for path, why in said.items():
        assert re.search(why, " ".join(str(f) for f in refused[path].faults)), refused[path]
    book = read_rule_book(settings)
    assert {"good", "payer-left-blank"} <= {rule.id for rule in book.rules}
    assert {"good", "gr-2023-05-21-parliament"} <= {election.id for election in book.elections}
    assert {"good", "eu_member_states"} <= book.parameters.values.keys()
    assert read_schedules(settings).values.keys() == find_spiders().keys()
    assert read_credentials(settings).values.keys() == {"snap"}
    assert {"good", "guardian_2023_price"} <= read_column_maps(settings).values.keys()
    assert {"good", "invented_donations"} == read_feeds(settings).values.keys()
    assert len(list_refused_rates(settings)) == len(BAD_RATES) + 1


def test_commands_name_each_bad_file_on_a_line_and_go_on(
    settings: Settings, tmp_path: Path
) -> None:
    said = write_one_bad_file_a_kind(settings)
    ads = tmp_path / "ads.jsonl"
    ads.write_text(json.dumps({"ref": "1", "platform": "meta", "bodies": ["Vote"]}))
    environ = {"PAIDFORBY_HOME": str(settings.home)}

    imported = run_paidforby("import", "ad_feed", str(ads), "--json", environ=environ)
    worked = run_paidforby("worker", "--once", environ=environ)

    assert json.loads(imported.stdout)["new"] == 1
    for ended in (imported, worked):
        assert ended.returncode == 3
        assert len([line for line in ended.stderr.splitlines() if "/config/" in line]) == len(said)
        (other,) = [line for line in ended.stderr.splitlines() if "/config/" not in line]
        assert other.startswith("rule good: It is a proposal, held against no ad")


@pytest.mark.parametrize(
    ("arguments", "code", "folders"),
    [
        (("rules", "list"), 3, ("rules", "params", "elections")),
        (("rules", "check"), 1, ("rules", "params", "elections")),
        (("credentials", "list"), 3, ("credentials",)),
        (("schedule",), 3, tuple(place.split("/", maxsplit=1)[0] for place in GOOD)),
        (("doctor",), 1, tuple(place.split("/", maxsplit=1)[0] for place in GOOD)),
    ],
)
def test_a_command_that_shows_names_what_is_left_out(
    settings: Settings,
    monkeypatch: pytest.MonkeyPatch,
    arguments: tuple[str, ...],
    code: int,
    folders: tuple[str, ...],
) -> None:
    said = write_one_bad_file_a_kind(settings)
    monkeypatch.setenv("PAIDFORBY_HOME", str(settings.home))

    ended = CliRunner().invoke(paidforby.app, arguments)

    assert (ended.exit_code, type(ended.exception)) == (code, SystemExit)
    root = settings.home / "config"
    wanted = [str(p) for p in said if p.relative_to(root).parts[0] in folders]
    assert [each for each in wanted if each.isprintable() and each not in ended.output] == []


def test_the_site_serves_and_names_them_without_the_place_where_they_lie(
    settings: Settings,
) -> None:
    write_one_bad_file_a_kind(settings)
    write(settings, "credentials/no_yaml.yaml", "token: [")
    with TestClient(create_app(settings)) as client:
        health = client.get("/api/v1/health")
        pages = {page: client.get(page) for page in ("/rules", "/sources", "/rules/good")}

    assert (health.status_code, health.json()["status"]) == (200, "degraded")
    reasons = {
        each["file"]: re.sub(r": write \w+:[^;]*", "", each["why"])
        for each in health.json()["refused_files"]
    }
    assert reasons == {
        **dict.fromkeys(
            ("params/one_key.yaml", "rules/xx/one_key.yaml", "holidays/one_key.yaml"),
            "Field required",
        ),
        "elections/xx/one_key.yaml": "Field required; resting on it, at this election: "
        "good, started-on-the-eve",
        "fx/one_key.csv": "the column is missing",
        "rules/two\\nlines.yaml": "the file is empty",
        "rules/not-\\udcff-utf8.yaml": "the file is empty",
        "credentials/no_yaml.yaml": "cannot be used; paidforby doctor says why",
    }
    assert {page.status_code for page in pages.values()} == {200}
    assert "rules/xx/one_key.yaml" in pages["/rules"].text
    assert "credentials/no_yaml.yaml" in pages["/sources"].text
    assert not any(str(settings.home) in page.text for page in (health, *pages.values()))


def test_the_site_learns_from_those_who_collect_which_fields_are_wrong(settings: Settings) -> None:
    engine = open_archive(settings)
    with TestClient(create_app(settings)) as client:
        write(settings, "schedules/snap.yaml", "every: sometimes\n")
        keep_refused_files(settings, engine)
        wrong = client.get("/api/v1/health").json()
        write(settings, "schedules/snap.yaml", "every: never\n")
        keep_refused_files(settings, engine)
        mended = client.get("/api/v1/health").json()
    engine.dispose()

    (refused,) = wrong["refused_files"]
    assert (wrong["status"], refused["file"], refused["line"]) == (
        "degraded",
        "schedules/snap.yaml",
        1,
    )
    assert (mended["status"], mended["refused_files"]) == ("ok", [])


def test_a_file_that_goes_between_listing_and_reading_is_refused(settings: Settings) -> None:
    files = list_config_files(settings, "feeds", ".yaml")
    (own,) = [file for file in files if file.path.stem == "good"]
    own.path.unlink()
    with pytest.raises(YamlFileError, match="No such file"):
        read_file(own)


def test_a_folder_that_is_a_file_is_named(settings: Settings) -> None:
    (settings.home / "config" / "params" / "good.yaml").unlink()
    (settings.home / "config" / "params").rmdir()
    (settings.home / "config" / "params").write_text("id: x")
    errors = {Path(error.file).name: error for error in list_refused_files(settings)}
    assert errors.keys() == {"params", "good.yaml"}
    assert "no parameter good" in errors["good.yaml"].why


def test_what_rests_on_a_bad_file_is_out_and_says_on_which(settings: Settings) -> None:
    write(settings, "params/good.yaml", "id: [")
    write(settings, "column_maps/good.yaml", "id: [")
    write(settings, "elections/xx/good.yaml", "id: [")

    root = settings.home / "config"
    why = {str(Path(e.file).relative_to(root)): e.why for e in list_refused_files(settings)}

    assert why["rules/xx/good.yaml"] == "resting on params/good.yaml, which cannot be used"
    assert why["feeds/good.yaml"] == "resting on column_maps/good.yaml, which cannot be used"
    assert "resting on it, at this election: started-on-the-eve" in why["elections/xx/good.yaml"]
    rules = {rule.id for rule in read_rule_book(settings).rules}
    assert "good" not in rules
    assert "payer-left-blank" in rules


@pytest.mark.parametrize(
    ("window", "why"),
    [
        ("{from: poll_closes, to: polling_day}", "the window of .* is over before it opens"),
        ("{from: polling_day - P999Y, to: polling_day + P999Y}", "."),
        (
            "{from: polling_day - P9999M, to: polling_day - P999YT99999H, counted_in: hours}",
            "over before|beyond",
        ),
        ("{from: polling_day - P999Y99999D, to: polling_day}", "."),
        ("{from: polling_day - P999Y9999M99999D, to: polling_day}", "beyond the calendar"),
        ("{from: polling_day - P2023Y, to: polling_day}", "not one of"),
    ],
)
def test_a_window_that_no_election_can_have_is_refused_when_it_loads(
    settings: Settings, window: str, why: str
) -> None:
    old = "{from: polling_day - P1D, to: poll_closes}"
    write(settings, "rules/xx/good.yaml", RULE.replace(old, window))
    errors = read_rule_book(settings).refused
    assert all(re.search(why, error.why) and error.line == 13 for error in errors)
    assert errors or why == "."
