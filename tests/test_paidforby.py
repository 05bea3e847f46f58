"""The front door opens quickly and says what is wrong in words."""

import json
import os
import re
import shlex
import subprocess
import sys
from collections.abc import Iterator
from importlib.metadata import version
from pathlib import Path
from typing import Any

import pytest

import paidforby

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


def list_lines() -> Iterator[tuple[str, Any]]:
    """Every command and group, as it is typed after `paidforby`."""
    waiting = [(name, paidforby.LazyGroup().get_command(None, name)) for name in paidforby.COMMANDS]
    while waiting:
        line, command = waiting.pop()
        yield line, command
        waiting += [(f"{line} {n}", each) for n, each in getattr(command, "commands", {}).items()]


def list_options(command: Any) -> list[str]:
    return [option for parameter in command.params for option in parameter.opts]


def test_the_list_of_commands_loads_no_room() -> None:
    code = "import sys, paidforby; print({'scrapy', 'fastapi', 'sqlmodel'} & set(sys.modules))"

    done = subprocess.run(
        [sys.executable, "-c", code], cwd=ROOT, capture_output=True, text=True, check=True
    )

    assert done.stdout.strip() == "set()"


LIGHT = "init import sources coverage stats spend corrections redactions users keys"
HEAVY = (
    "scrapy twisted aiohttp lxml duckdb pyarrow procrastinate apscheduler fastapi starlette "
    "cel_expr_python alembic psycopg oversight.evaluation.changes search.copies.sync"
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


def test_a_mistyped_command_is_asked_about_and_the_version_is_told() -> None:
    assert "Did you mean 'search'?" in run("serach").stderr
    assert "Did you mean 'rebuild'?" in run("index", "rebiuld").stderr
    assert run("--version").stdout == f"paidforby {version('paidforby')}\n"


def test_every_command_stands_in_one_group_of_the_list() -> None:
    grouped = [name for names in paidforby.GROUPS.values() for name in names.split()]

    assert sorted(grouped) == sorted(paidforby.COMMANDS)
    assert list(re.findall(r"^(\w+):$", run("--help").stdout, re.MULTILINE)) == [
        "Options",
        *paidforby.GROUPS,
    ]


@pytest.mark.parametrize(
    ("typed", "offered"),
    [("paidforby se", "search\nsettings\nserve"), ("paidforby index s", "status\nsync")],
)
def test_a_shell_completes_what_is_typed(typed: str, offered: str) -> None:
    asked = {"COMP_WORDS": typed, "COMP_CWORD": str(typed.count(" "))}

    done = run(_PAIDFORBY_COMPLETE="complete_bash", **asked)

    assert done.stdout.strip() == offered


def test_completion_is_installed_for_the_whole_program_and_nowhere_else() -> None:
    # Otherwise the shell is looked for among the processes that started the tests.
    named = {"_TYPER_COMPLETE_TEST_DISABLE_SHELL_DETECTION": "1"}
    shown = run("--show-completion", "bash", **named)

    assert "_PAIDFORBY_COMPLETE=complete_bash" in shown.stdout
    offers = [
        line for line, command in list_lines() if "--install-completion" in list_options(command)
    ]
    assert offers == []


def test_a_wrong_form_of_the_log_is_named() -> None:
    done = run("stats", PAIDFORBY_LOG="xml")

    assert (done.returncode, done.stderr.splitlines()[0].split(":")[0]) == (2, "PAIDFORBY_LOG")


def test_whatever_a_command_says_beside_its_answer_is_json_where_that_is_wanted(
    tmp_path: Path,
) -> None:
    done = run("stats", PAIDFORBY_LOG="json", PAIDFORBY_HOME=str(tmp_path / "none"))

    (said,) = map(json.loads, done.stderr.splitlines())
    assert (said["process"], said["level"]) == ("stats", "error")
    assert "paidforby init" in said["message"]


def list_leaves() -> list[tuple[str, Any]]:
    return [(line, each) for line, each in list_lines() if not getattr(each, "commands", None)]


def test_every_command_shows_an_example_that_it_takes() -> None:
    without = []
    for line, command in list_leaves():
        found = re.search(
            rf"^Example: paidforby {re.escape(line)}(.*)$", command.help or "", re.MULTILINE
        )
        without += [] if found else [line]
        if found:
            # Raises what a user would be told of a wrong option.
            command.make_context(line, shlex.split(found[1]))

    assert without == []
