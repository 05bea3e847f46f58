"""The house rules that no linter knows: names, sizes, addresses, locks, words of the front door."""

import ast
import importlib
import json
import re
import subprocess
from collections.abc import Iterator
from importlib.metadata import packages_distributions
from pathlib import Path

import pytest
import typer

import paidforby

ROOT = Path(__file__).parent.parent
NAMES = ("config", "archive", "search", "oversight", "scrapers", "api", "paidforby")
LOCKS = ("requirements.lock", "requirements-test.lock")
LONGEST_FILE = 300
LONGEST_FUNCTION = 60
LONGEST_README = 120
IGNORED = {".git", ".venv", "node_modules", "var", "secrets", "__pycache__"}

# Put together here, so that this file itself names none of them.
REGISTRIES = tuple(
    ".".join(parts)
    for parts in (
        ("pypi", "org"),
        ("pythonhosted", "org"),
        ("npmjs", "org"),
        ("npmjs", "com"),
        ("npmmirror", "com"),
        ("yarnpkg", "com"),
        ("proxy", "golang", "org"),
    )
)
MACHINE_PATH = re.compile(r"(?<![\w.}/-])/(?:home|root|Users|work)/\w")


def list_files() -> list[Path]:
    """Every tracked file; outside a git checkout, every file but what tools leave behind."""
    if (ROOT / ".git").exists():
        listing = subprocess.run(
            ["git", "ls-files", "-z"], cwd=ROOT, capture_output=True, text=True, check=True
        )
        files = [ROOT / name for name in listing.stdout.split("\0") if name]
    else:
        files = [path for path in ROOT.rglob("*") if not IGNORED & set(path.parts)]
    return [path for path in files if path.is_file()]


def name_file(path: Path) -> str:
    return path.relative_to(ROOT).as_posix()


def list_modules() -> list[Path]:
    return [
        path
        for path in list_files()
        if path.suffix == ".py" and path.parent != ROOT / "archive/store/migrations/versions"
    ]


def list_commands() -> Iterator[tuple[str, object]]:
    """Each command line of the front door and the function behind it."""
    for name, (module, attribute, _) in paidforby.COMMANDS.items():
        target = getattr(importlib.import_module(module), attribute)
        if not isinstance(target, typer.Typer):
            yield name, target
            continue
        for command in target.registered_commands:
            yield f"{name} {command.name or command.callback}", command.callback


@pytest.mark.parametrize("name", NAMES)
def test_the_plain_name_of_a_package_is_ours_and_nobody_elses(name: str) -> None:
    module = importlib.import_module(name)
    assert Path(module.__file__ or "").is_relative_to(ROOT)
    assert set(packages_distributions().get(name, [])) <= {"paidforby"}


def test_no_file_is_longer_than_one_can_read_at_once() -> None:
    lengths = {path: len(path.read_text().splitlines()) for path in list_modules()}
    assert [
        f"{name_file(path)}: {n} lines" for path, n in lengths.items() if n > LONGEST_FILE
    ] == []


def test_no_function_is_longer_than_a_screen() -> None:
    too_long = [
        f"{name_file(path)}:{node.lineno} {node.name}"
        for path in list_modules()
        for node in ast.walk(ast.parse(path.read_text()))
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef)
        and (node.end_lineno or 0) - node.lineno >= LONGEST_FUNCTION
    ]
    assert too_long == []


def test_no_module_has_a_name_that_says_nothing() -> None:
    empty = {
        "util",
        "utils",
        "helper",
        "helpers",
        "common",
        "misc",
        "manager",
        "handler",
        "handlers",
    }
    assert [path for path in list_modules() if path.stem in empty] == []


def test_no_two_classes_bear_the_same_name() -> None:
    places: dict[str, list[str]] = {}
    for path in list_modules():
        if path.relative_to(ROOT).parts[0] in {*NAMES, "paidforby.py"}:
            for node in ast.parse(path.read_text()).body:
                if isinstance(node, ast.ClassDef):
                    places.setdefault(node.name, []).append(name_file(path))
    assert {name: files for name, files in places.items() if len(files) > 1} == {}


def test_the_readme_stays_short() -> None:
    assert len((ROOT / "README.md").read_text().splitlines()) <= LONGEST_README


def test_no_file_names_a_registry_or_a_folder_of_one_machine() -> None:
    found = []
    for path in list_files():
        text = path.read_text(errors="replace")
        found += [f"{name_file(path)}: {host}" for host in REGISTRIES if host in text]
        found += [f"{name_file(path)}: {match.group()}" for match in MACHINE_PATH.finditer(text)]
    assert found == []


def test_every_command_says_what_it_does() -> None:
    silent = [line for line, function in list_commands() if not (function.__doc__ or "").strip()]
    assert silent == []


@pytest.mark.parametrize("name", LOCKS)
def test_every_locked_distribution_carries_hashes(name: str) -> None:
    entries = read_lock(name)
    assert len(entries) > 50
    assert [line for line, hashes in entries.items() if not hashes] == []


def test_both_locks_agree_on_every_version() -> None:
    run_time, tests = (set(read_lock(name)) for name in LOCKS)
    assert run_time <= tests


def test_every_locked_npm_package_has_its_integrity_and_no_address() -> None:
    packages = json.loads((ROOT / "package-lock.json").read_text())["packages"]
    brought = {name: package for name, package in packages.items() if name}
    assert [name for name, package in brought.items() if "integrity" not in package] == []
    assert [name for name, package in brought.items() if "resolved" in package] == [], "make lock"


def read_lock(name: str) -> dict[str, list[str]]:
    """`name==version` -> the SHA-256 hashes pip may accept for it."""
    entries: dict[str, list[str]] = {}
    for line in (ROOT / name).read_text().splitlines():
        if requirement := re.match(r"[a-z0-9][\w.-]*(\[[\w,-]+\])?==\S+", line):
            entries[requirement.group()] = hashes = []
        elif line.strip().startswith("--hash=sha256:"):
            hashes.append(line.strip())
    return entries
