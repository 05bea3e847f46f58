"""`paidforby search` and `paidforby index`: what people and programs read."""

import csv
import json
from hashlib import sha256

import pytest
from rich.cells import cell_len
from typer.testing import CliRunner

from archive.store.database import write
from archive.store.setup import init_archive
from config.settings import Settings
from paidforby import app
from search.embedded import EmbeddedSearch
from search.engines import OWN_FILE, open_search
from search.meilisearch import MeilisearchSearch
from search.port import Batch
from tests.search.conftest import SearchArchive, make_ad


@pytest.fixture
def run(tmp_path, monkeypatch):
    monkeypatch.setenv("PAIDFORBY_HOME", str(tmp_path))
    monkeypatch.delenv("PAIDFORBY_MEILISEARCH_URL", raising=False)
    return lambda *arguments: CliRunner().invoke(app, list(arguments))


def test_a_first_search_is_answered_by_the_archive_and_says_what_to_type(
    run, search_archive: SearchArchive
):
    search_archive.add(make_ad("a", "harbour jobs", currency="EUR", spend_lower_minor=10_000))
    before = run("search", "harbour")
    assert before.exit_code == 0
    told = " ".join(before.stdout.split())
    assert told.startswith("1 ad (exact; engine: archive")
    assert "Nothing has been indexed for search yet; the archive itself answers" in told
    assert told.endswith("next: paidforby index status")
    assert "paidforby index sync" in run("index", "status").stdout
    assert json.loads(run("index", "sync", "--json").stdout)["documents"] == 1
    answer = json.loads(run("search", "harbour", "jobs", "--json").stdout)
    assert {"total", "total_from", "engine", "data_as_of", "hits", "facets"} <= answer.keys()
    assert (answer["total"], answer["engine"]) == (1, "embedded")
    assert {"id", "source", "advertiser", "snippet"} <= answer["hits"][0].keys()
    lines = run("search", "harbour").stdout.splitlines()
    assert lines[0].startswith("1 ad (exact; engine: embedded")
    hit = next(n for n, line in enumerate(lines) if "at least 100 EUR" in line)
    assert lines[hit + 2] == "    example:a"
    assert lines[-1].startswith("next: ")


def test_what_other_words_would_find_is_told_with_the_question_to_type(
    run, search_archive: SearchArchive
):
    search_archive.add(make_ad("a", "harbour jobs"), make_ad("b", "harbours"))
    run("index", "sync")
    assert "near spellings: 1 ad (harbour for harbor): paidforby search 'harbor OR harbour'" in (
        " ".join(run("search", "harbor").stdout.split())
    )
    assert "longer words: 1 more ad (harbours for harbour)" in " ".join(
        run("search", "harbour").stdout.split()
    )


def test_one_creative_once_is_told_with_the_number_of_its_copies(
    run, search_archive: SearchArchive
):
    search_archive.add(make_ad("a", "harbour jobs"), make_ad("b", "harbour jobs"))
    run("index", "sync")
    told = " ".join(run("search", "harbour", "--copies", "once").stdout.split())
    assert "creatives: not all compared yet." in told
    search_archive.compare()
    run("index", "sync")
    told = " ".join(run("search", "harbour", "--copies", "once").stdout.split())
    assert told.startswith("2 ads (exact; engine: embedded")
    assert "creatives: 1. Ads whose words are copies" in told
    assert "; 2 copies" in told
    assert "example:b" not in told
    wrong = run("search", "harbour", "--copies", "one")
    assert (wrong.exit_code, "did you mean once" in wrong.stderr) == (2, True)


def test_names_are_told_whether_or_not_an_ad_answers(run, search_archive: SearchArchive):
    named = {"advertiser_ref": "1", "advertiser_name": "Harbour Party\x1b[2J"}
    search_archive.add(make_ad("a", "jobs", **named))
    search_archive.add(make_ad("a", "jobs", **named | {"advertiser_name": "New Horizon"}))
    run("index", "sync")

    lines = run("search", "harbour").stdout.splitlines()
    assert lines[0].startswith("1 ad ")
    assert lines[1:3] == [
        "1 name:",
        "advertiser Harbour Party [2J: now called New Horizon",
    ]
    assert "advertiser New Horizon: 1 ad" in run("search", "horizon").stdout
    assert "1 name" not in run("search", "jobs").stdout


def test_what_looks_like_another_language_is_refused_with_its_place(
    run, search_archive: SearchArchive
):
    search_archive.add(make_ad("a", "harbour jobs"))
    answer = run("search", "harbour AND jobs")
    assert answer.exit_code == 2
    assert "at character 9, 'AND'" in answer.stderr


@pytest.mark.parametrize("columns", [60, 80])
def test_an_answer_fits_in_the_terminal_and_json_has_the_whole_id(
    run, search_archive: SearchArchive, columns, monkeypatch
):
    monkeypatch.setenv("COLUMNS", str(columns))
    ref = "f" * 64
    payer, text = "Freunde des Hafens und der Schifffahrt " * 3, "港の雇用を守る harbour " * 9
    for n in range(3):
        made = {"payer_name": payer, "currency": "EUR", "spend_lower_minor": 123_456_789_00}
        search_archive.add(
            make_ad(f"{ref}{n}", text, platform=f"a platform of some name {n}", **made)
        )
    run("index", "sync")

    shown = run("search", "harbour").stdout.splitlines()

    assert max(map(cell_len, shown)) <= columns
    assert [line for line in shown if f"example:{ref}0" in line] == [f"    example:{ref}0"][
        : columns == 80
    ]
    assert json.loads(run("search", "harbour", "--json").stdout)["hits"][0]["id"].startswith(
        f"example:{ref}"
    )


def test_ad_text_cannot_steer_the_terminal(run, search_archive: SearchArchive):
    search_archive.add(make_ad("a", "harbour\x1b[2J\u202eevil\nline"))
    run("index", "sync")
    shown = run("search", "harbour").stdout
    assert "\x1b" not in shown
    assert "\u202e" not in shown


@pytest.mark.parametrize(
    "arguments", [["--filter", "colour=red"], ["--filter", "red"], ["--sort", "best"]]
)
def test_a_wrong_filter_or_order_is_wrong_usage(run, search_archive: SearchArchive, arguments):
    result = run("search", "harbour", *arguments)
    assert result.exit_code == 2
    assert "country" in result.stderr or "newest" in result.stderr


@pytest.mark.parametrize("option", ["--source", "--country", "--spend-min"])
def test_a_filter_that_is_written_as_an_option_is_asked_about(run, option):
    told = run("search", "vote", option, "snap")
    assert (told.exit_code, told.stdout) == (2, "")
    assert told.stderr.startswith("did you mean --filter NAME=snap? NAME is one of source, ")
    assert option not in run("search", "--help").stdout


def test_search_as_of_a_day_answers_from_the_archive(run, search_archive: SearchArchive):
    search_archive.add(make_ad("a", "harbour"))
    answer = json.loads(run("search", "harbour", "--as-of", "2026-03-01", "--json").stdout)
    assert (answer["total"], answer["engine"]) == (1, "archive")
    answer = json.loads(run("search", "harbour", "--as-of", "2026-02-28", "--json").stdout)
    assert answer["total"] == 0


def test_status_and_rebuild_report_what_is_there(run, search_archive: SearchArchive):
    search_archive.add(make_ad("a", "harbour"))
    assert json.loads(run("index", "status", "--json").stdout)["documents"] is None
    assert json.loads(run("index", "rebuild", "--json").stdout)["rebuilt"] is True
    status = json.loads(run("index", "status", "--json").stdout)
    assert (status["documents"], status["ads"], status["lag_changes"]) == (1, 1, 0)


def test_the_exit_code_of_status_says_whether_the_copy_is_right(
    run, search_archive: SearchArchive, embedded: EmbeddedSearch
):
    assert run("index", "status").exit_code == 0
    search_archive.add(make_ad("a", "harbour"), make_ad("b", "harbour"))
    assert run("index", "status").exit_code == 1
    run("index", "sync")
    assert run("index", "status").exit_code == 0
    search_archive.add(make_ad("c", "harbour"))
    behind = run("index", "status")
    assert (behind.exit_code, "behind      1 change," in behind.stdout) == (3, True)
    run("index", "sync")
    with write(search_archive.engine) as session:
        embedded.write_batch(Batch(deleted=[1, 2]), session)
    short = run("index", "status")
    assert short.exit_code == 1
    assert "wrong       Search holds 1 ad, the archive 3." in short.stdout
    assert run("index", "sync").exit_code == 0
    assert run("index", "status").exit_code == 0


def test_a_search_before_the_next_sync_says_what_it_cannot_know(run, search_archive: SearchArchive):
    run("index", "sync")
    search_archive.add(*(make_ad(f"a{n}", "harbour") for n in range(3)))
    lines = run("search", "harbour").stdout.splitlines()
    assert lines[0].startswith(
        "0 ads (exact for what is indexed; 3 newer or changed ads are not searchable yet"
    )
    assert lines[-1] == "next: paidforby index sync, then the same again"


def test_meilisearch_is_used_when_its_address_is_set(search_archive: SearchArchive):
    served = open_search(Settings(meilisearch_url="http://127.0.0.1:9"), search_archive.engine)
    assert isinstance(served, MeilisearchSearch)
    assert isinstance(open_search(Settings(), search_archive.engine), EmbeddedSearch)


def test_beside_postgresql_the_embedded_engine_keeps_its_own_file(postgresql_url, tmp_path):
    settings = Settings(home=tmp_path, database_url=postgresql_url)
    search_archive = SearchArchive(init_archive(settings, []))
    search = open_search(settings, search_archive.engine)
    search_archive.add(make_ad("a", "harbour"))
    search_archive.sync(search)
    search_archive.add(make_ad("b", "harbour"))
    search_archive.sync(search)
    assert search_archive.ask(search, "harbour").total == 2
    assert (tmp_path / OWN_FILE).exists()
    search_archive.engine.dispose()


def test_a_whole_result_set_goes_into_a_file_with_what_is_known_of_it(
    run, search_archive: SearchArchive, tmp_path
):
    search_archive.add(
        *(make_ad(f"a{n}", "harbour jobs") for n in range(30)), make_ad("b", "other")
    )
    run("index", "sync")
    path = tmp_path / "harbour.csv"
    done = run("search", "harbour", "--to", str(path))
    assert done.exit_code == 0, done.output
    told = dict(line.split(maxsplit=1) for line in done.stdout.splitlines())
    beside = json.loads((tmp_path / "harbour.csv.meta.json").read_text())
    assert told["rows"].startswith("30 ads, as known on ")
    assert told["ids_sha256"] == beside["ids_sha256"]
    assert beside["rows"] == 30
    assert beside["question"] == {"q": "harbour"}
    rows = list(csv.DictReader(path.read_text().splitlines()))
    ids = "\n".join(row["id"] for row in rows)
    assert (len(rows), sha256(ids.encode()).hexdigest()) == (30, beside["ids_sha256"])

    again = tmp_path / "again.csv"
    run("search", "harbour", "--to", str(again), "--as-of", beside["as_of"])
    assert again.read_bytes() == path.read_bytes()
    drawn = run("search", "--to", str(tmp_path / "s.jsonl"), "--sample", "7", "--seed", "x")
    assert drawn.stdout.startswith("rows        7 ads")
    assert json.loads((tmp_path / "s.jsonl.meta.json").read_text())["question"] == {
        "q": "",
        "sample": 7,
        "seed": "x",
    }


@pytest.mark.parametrize(
    ("options", "said"),
    [
        (["--to", "x.xlsx"], "must end in one of: .csv, .jsonl, .parquet"),
        (["--to", "there.csv"], "is there already; choose another name"),
        (["--to", "no/folder/x.csv"], "there is no folder"),
        (["--to", "x.jsonl", "--excel"], "only a file that ends in .csv"),
        (["--to", "x.csv", "--page", "2"], "leave --sort, --limit and --page"),
        (["--sample", "5"], "go with --to FILE"),
    ],
)
def test_a_file_that_cannot_be_written_is_refused_before_anything_is(
    run, search_archive: SearchArchive, tmp_path, monkeypatch, options, said
):
    monkeypatch.chdir(tmp_path)
    (tmp_path / "there.csv").write_text("mine")
    before = sorted(path.name for path in tmp_path.iterdir())
    refused = run("search", "harbour", *options)
    assert refused.exit_code == 2
    assert said in " ".join(refused.output.split())
    assert sorted(path.name for path in tmp_path.iterdir()) == before
    assert (tmp_path / "there.csv").read_text() == "mine"
