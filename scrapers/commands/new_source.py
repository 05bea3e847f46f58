"""Begins a source in a checkout of the code: the files of `templates/`, each in its place.

`paidforby sources new` calls it. It overwrites nothing.
"""

import importlib
import re
from collections.abc import Mapping
from keyword import iskeyword
from pathlib import Path
from string import Template

from archive.errors import ArchiveError
from archive.records.escaping import escape_text
from scrapers.commands.source_pages import write_pages
from scrapers.spiders import find_spiders

ROOT = Path(__file__).parents[2]
TEMPLATES = Path(__file__).parent / "templates"
PAGES = "docs/sources"

PLACES: Mapping[str, str] = {
    "spider.py.tmpl": "scrapers/spiders/{id}.py",
    "fixture.csv.tmpl": "scrapers/replica/fixtures/{id}/day-1/ads-2026.csv",
    "schedule.yaml.tmpl": "config/schedules/{id}.yaml",
    "test.py.tmpl": "tests/scrapers/spiders/test_{id}.py",
}
"""Where each template goes: the spider first, the test last."""

ID = re.compile(r"[a-z][a-z0-9]*(_[a-z0-9]+)*")


class NewSourceError(ArchiveError):
    """A source cannot be begun here or under this id."""


def write_source(source: str) -> list[str]:
    """Write a new source's files in the order of `PLACES`, and its page; gives the files' paths.

    Raises:
        NewSourceError: outside a checkout, for an id that is none, and where something has it already.
    """
    if not (ROOT / "docs" / "add-a-source.md").is_file():
        raise NewSourceError(
            f"{ROOT} is no checkout of the source code: clone the repository, and type it there"
        )
    if not ID.fullmatch(source) or iskeyword(source):
        raise NewSourceError(
            f"{escape_text(source[:60])!r} is no id: small letters and digits, words joined by `_`, "
            "such as fi_yle or us_fec_bulk"
        )
    paths = {name: place.format(id=source) for name, place in PLACES.items()}
    places = (*paths.values(), f"scrapers/spiders/{source}")
    taken = [f"there is {path}" for path in places if (ROOT / path).exists()]
    if source in find_spiders():
        taken = ["a source has that id"]
    if taken:
        raise NewSourceError(f"{source} is taken: {taken[0]}")
    words = source.split("_")
    names = {"id": source, "title": " ".join(words).capitalize()}
    names["class_name"] = "".join(word.capitalize() for word in words) + "Spider"
    for name, path in paths.items():
        text = Template((TEMPLATES / name).read_text("utf-8")).substitute(names)
        (ROOT / path).parent.mkdir(parents=True, exist_ok=True)
        (ROOT / path).write_text(text, "utf-8")
    importlib.invalidate_caches()
    write_pages(ROOT / PAGES)
    return list(paths.values())
