"""The front door opens quickly and says what is wrong in words."""

import os
import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).parent.parent


def run(*arguments: str, **environment: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, "paidforby.py", *arguments],
        cwd=ROOT,
        env=os.environ | environment,
        capture_output=True,
        text=True,
        check=False,
    )


def test_the_list_of_commands_loads_no_room() -> None:
    code = "import sys, paidforby; print({'scrapy', 'fastapi', 'sqlmodel'} & set(sys.modules))"

    done = subprocess.run(
        [sys.executable, "-c", code], cwd=ROOT, capture_output=True, text=True, check=True
    )

    assert done.stdout.strip() == "set()"


LIGHT = "init import sources coverage stats spend corrections redactions users keys"
HEAVY = (
    "scrapy twisted aiohttp lxml duckdb pyarrow procrastinate apscheduler fastapi starlette "
    "cel_expr_python alembic psycopg oversight.evaluation.changes search.sync"
)


def test_a_command_that_does_not_crawl_loads_what_it_uses_and_no_more() -> None:
    code = (
        "import sys, paidforby\n"
        "from scrapers.spiders import find_spiders\n"
        "find_spiders()\n"
        "for name in sys.argv[1].split(): paidforby.LazyGroup().get_command(None, name)\n"
        "print(sorted(set(sys.argv[2].split()) & set(sys.modules)))"
    )

    done = subprocess.run(
        [sys.executable, "-c", code, LIGHT, HEAVY],
        cwd=ROOT,
        capture_output=True,
        text=True,
        check=True,
    )

    assert done.stdout.strip() == "[]"


def test_a_command_that_does_not_exist_is_wrong_usage() -> None:
    done = run("censor")

    assert done.returncode == 2
    assert "censor" in done.stderr


def test_a_setting_that_cannot_be_read_is_named_without_a_traceback(tmp_path: Path) -> None:
    done = run("stats", PAIDFORBY_HOME=str(tmp_path), PAIDFORBY_DEPLOYMENT_KIND="king")

    assert done.returncode == 2
    assert "PAIDFORBY_DEPLOYMENT_KIND" in done.stderr
    assert "Traceback" not in done.stderr


def test_a_setting_of_one_source_is_named_by_its_own_variable(tmp_path: Path) -> None:
    done = run("doctor", PAIDFORBY_HOME=str(tmp_path), PAIDFORBY_META_COUNTRIES="3")

    assert (done.returncode, "Traceback" in done.stderr) == (2, False)
    assert done.stderr.startswith("PAIDFORBY_META_COUNTRIES: ")


def test_an_empty_home_says_what_to_type(tmp_path: Path) -> None:
    done = run("stats", PAIDFORBY_HOME=str(tmp_path))

    assert done.returncode == 1
    assert "paidforby init" in done.stderr
