"""One of a thing is written as one: a number that we count stands before its noun by `write_count`."""

import ast
import re
from pathlib import Path

import pytest

from config.counts import write_count
from tests.test_house import NAMES, ROOT, list_modules, name_file

NOUNS = (
    "ad advertiser alert batche budget capture change character column copie day document error field "
    "figure file flag hour label lease leave line minute page partition payment people picture piece "
    "place record request row rule run second signal source statement table test time version video "
    "window word address entrie"
)
PLURAL = re.compile(rf" (?:more |other |request )?(?:{'|'.join(NOUNS.split())})s?(?<=s)(?![\w=-])")


def test_one_is_one_and_more_are_more() -> None:
    told = [write_count(n, "file") for n in (0, 1, 2, 12_345)]

    assert told == ["0 files", "1 file", "2 files", "12,345 files"]
    assert write_count(1, "leaf", "leaves") == "1 leaf"


def find_bare(code: str) -> list[str]:
    """Texts in which a number that may be one stands before a plural; a constant of ours is never one."""
    found = []
    for node in ast.walk(ast.parse(code)):
        if not isinstance(node, ast.JoinedStr):
            continue
        for value, text in zip(node.values, node.values[1:], strict=False):
            if not isinstance(value, ast.FormattedValue) or not isinstance(text, ast.Constant):
                continue
            is_ours = isinstance(value.value, ast.Name) and value.value.id.isupper()
            if PLURAL.match(text.value) and not is_ours:
                found.append(f"{node.lineno}: {ast.unparse(value.value)}{text.value[:20]}")
    return found


def test_the_search_for_them_finds_one() -> None:
    assert find_bare('say(f"read {n:,} records from {MOST:,} files")') == ["1: n records from "]


def list_own_modules() -> list[Path]:
    return [p for p in list_modules() if p.relative_to(ROOT).parts[0] in {*NAMES, "paidforby.py"}]


@pytest.mark.parametrize("name", NAMES)
def test_no_number_stands_before_a_plural_that_may_be_one(name: str) -> None:
    found = {
        name_file(path): bare
        for path in list_own_modules()
        if path.relative_to(ROOT).parts[0].removesuffix(".py") == name
        and (bare := find_bare(path.read_text()))
    }

    assert found == {}
