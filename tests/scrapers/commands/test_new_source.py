"""A source is begun by a command, and done once a person has edited spider and test."""

import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from scrapers.commands import new_source
from scrapers.commands.new_source import PLACES, ROOT, NewSourceError, write_source
from tests.commands import run_paidforby

SOURCE = "ie_harbour_register"
WRITTEN = Path(__file__).parent / "harbour_register"
"""What a person wrote by the guide: spider, test and a file of each of two days."""

COPIED = ("config", "docs", "scrapers", "tests", "paidforby.py", "pyproject.toml")
"""What adding a source writes to, and what stands beside it; the other rooms are linked."""


@pytest.fixture
def checkout(tmp_path: Path) -> Path:
    """A copy of this checkout in which a source may be added."""
    copy = tmp_path / "checkout"
    copy.mkdir()
    for name in COPIED:
        put = shutil.copytree if (ROOT / name).is_dir() else shutil.copy2
        put(ROOT / name, copy / name)
    for name in ("archive", "search", "oversight", "api"):
        (copy / name).symlink_to(ROOT / name)
    return copy


def run(checkout: Path, *arguments: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, "-m", *arguments],
        cwd=checkout,
        env=os.environ | {"PYTHONPATH": str(checkout)},
        capture_output=True,
        text=True,
        check=False,
    )


def run_tests(checkout: Path, *arguments: str) -> subprocess.CompletedProcess[str]:
    return run(checkout, "pytest", "-q", "-p", "no:cacheprovider", *arguments)


def edit_as_the_guide_says(checkout: Path) -> None:
    fixtures = checkout / "scrapers/replica/fixtures" / SOURCE
    shutil.rmtree(fixtures)
    for day in ("day-1", "day-2"):
        (fixtures / day / "open/2026").mkdir(parents=True)
        shutil.copy(WRITTEN / f"{day}.csv", fixtures / day / "open/2026/ads.csv")
    shutil.copy(WRITTEN / "spider.py", checkout / PLACES["spider.py.tmpl"].format(id=SOURCE))
    shutil.copy(WRITTEN / "checks.py", checkout / PLACES["test.py.tmpl"].format(id=SOURCE))


def test_a_new_source_fails_its_test_until_two_files_are_edited(checkout: Path) -> None:
    own_test = PLACES["test.py.tmpl"].format(id=SOURCE)
    pages_test = "tests/scrapers/commands/test_source_pages.py"

    begun = run(checkout, "paidforby", "sources", "new", SOURCE)
    assert begun.returncode == 0, begun.stderr
    assert f"next: edit scrapers/spiders/{SOURCE}.py and {own_test}" in begun.stdout
    files = [place.format(id=SOURCE) for place in PLACES.values()]
    assert run(checkout, "ruff", "check", *files[::3]).stdout == "All checks passed!\n"
    assert run(checkout, "ruff", "format", "--check", *files[::3]).returncode == 0
    unfinished = run_tests(checkout, own_test, pages_test, "-k", "not crawl")
    assert f"edit scrapers/spiders/{SOURCE}.py and this file" in unfinished.stdout
    failed = [line for line in unfinished.stdout.splitlines() if line.startswith("FAILED")]
    assert [line.split("::")[1].split(" ")[0] for line in failed] == [
        "test_this_source_is_finished",
        "test_no_source_is_left_half_written",
    ]

    edit_as_the_guide_says(checkout)
    assert run(checkout, "paidforby", "sources", "--docs", "docs/sources").returncode == 0
    finished = run_tests(checkout, own_test, pages_test)
    assert finished.returncode == 0, finished.stdout
    assert "Harbour Register" in (checkout / f"docs/sources/{SOURCE}.md").read_text()


@pytest.mark.parametrize(
    ("source", "reason"),
    [
        ("snap", "snap is taken: a source has that id"),
        ("meta", "meta is taken: there is scrapers/spiders/meta"),
        ("meta_ad_library", "a source has that id"),
        ("google_advertisers", "tests/scrapers/spiders/test_google_advertisers.py"),
        *((name, "is no id") for name in ("Harbour", "harbour-ads", "2_days", "a__b", "class")),
        ("../../paidforby", "is no id"),
    ],
)
def test_an_id_that_is_taken_or_is_none_is_refused_and_nothing_written(
    source: str, reason: str
) -> None:
    before = sorted(str(path) for path in (ROOT / "scrapers/spiders").rglob("*.py"))
    refused = run_paidforby("sources", "new", source)
    assert (refused.returncode, reason in refused.stderr) == (1, True)
    assert sorted(str(path) for path in (ROOT / "scrapers/spiders").rglob("*.py")) == before


def test_outside_a_checkout_it_says_where_to_type_it(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(new_source, "ROOT", tmp_path)
    with pytest.raises(NewSourceError, match="no checkout of the source code: clone"):
        write_source(SOURCE)
    assert list(tmp_path.iterdir()) == []
