"""Losing a source leaves everything else working: its spider is taken out, and nobody else misses it."""

import ast
import json
import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from scrapers.spiders import find_spiders

ROOT = Path(__file__).parents[2]
ROOMS = ("archive", "api", "config", "oversight", "scrapers", "search")
SOURCES = sorted(find_spiders())
FIXTURE = "scrapers/replica/fixtures"


@pytest.fixture
def run_without(tmp_path):
    """The front door of a copy of the program that lacks a source's spider and its schedule."""
    copy, home = tmp_path / "copy", tmp_path / "home"

    def take_out(source: str):
        for room in ROOMS:
            shutil.copytree(ROOT / room, copy / room, ignore=shutil.ignore_patterns("__pycache__"))
        shutil.copy(ROOT / "paidforby.py", copy)
        spider = sys.modules[find_spiders()[source].__module__]
        (copy / Path(spider.__file__ or "").relative_to(ROOT)).unlink()
        (copy / "config" / "schedules" / f"{source}.yaml").unlink(missing_ok=True)

        def run(*arguments: str) -> subprocess.CompletedProcess[str]:
            environ = os.environ | {"PAIDFORBY_HOME": str(home), "PYTHONPATH": str(copy)}
            command = [sys.executable, "-m", "paidforby", *arguments]
            return subprocess.run(
                command, env=environ, cwd=copy, capture_output=True, text=True, check=False
            )

        return run

    return take_out


def test_nobody_imports_a_spider_by_its_name():
    """Whoever needs one asks `find_spiders`; only what shares a spider's own folder knows it."""
    named = []
    for room in ROOMS:
        for path in (ROOT / room).rglob("*.py"):
            own = path.relative_to(ROOT).parts[:3]
            for node in ast.walk(ast.parse(path.read_text())):
                module = node.module if isinstance(node, ast.ImportFrom) else None
                parts = tuple((module or "").split("."))
                if parts[:2] == ("scrapers", "spiders") and len(parts) > 2 and parts[:3] != own:
                    named.append(f"{path.relative_to(ROOT)}: {module}")
    assert named == []


def test_without_a_source_its_files_are_refused_and_those_of_others_are_read(run_without):
    run = run_without("snap")

    gone = run("import", "snap", "x.csv")
    read = run("import", "us_fec_bulk", str(ROOT / FIXTURE / "us_fec_bulk"), "--no-index")
    listed = run("sources", "--json")
    planned = run("schedule")

    assert gone.returncode == 2
    assert "there is no source 'snap'" in gone.stderr
    assert read.returncode in {0, 3}, read.stderr
    assert planned.returncode == 0, planned.stderr
    assert {each["id"] for each in json.loads(listed.stdout)} == set(SOURCES) - {"snap"}


@pytest.mark.slow
@pytest.mark.parametrize("source", SOURCES)
def test_the_demo_works_without_any_one_source(run_without, source):
    run = run_without(source)

    demo = run("demo", "--no-serve")
    stats = json.loads(run("stats", "--json").stdout)
    verified = run("verify")

    assert demo.returncode == 0, demo.stderr
    assert "Traceback" not in demo.stderr
    held = {name for name, counts in stats["by_source"].items() if any(counts.values())}
    assert held == set(SOURCES) - {source}
    assert verified.returncode == 0, verified.stdout
