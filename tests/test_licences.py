"""Whose terms come with what we install: free ones, none that would bind those who use the archive.

Read from the metadata of the packages installed here, by the names in the locks.
"""

import json
import re
from collections.abc import Iterator
from importlib.metadata import Distribution, PackageNotFoundError, distribution
from pathlib import Path

import pytest

ROOT = Path(__file__).parent.parent

PERMISSIVE = {"MIT", "MIT-0", "MIT-CMU", "ISC", "BSD", "BSD-2-Clause", "BSD-3-Clause"}
PERMISSIVE |= {"Apache-2.0", "PSF-2.0", "ZPL-2.1", "0BSD", "Zlib", "CC0-1.0"}
BY_FILE = {"MPL-2.0"}
"""Binds changes to its own files, and we change none."""
LESSER = {"psycopg", "psycopg-binary", "psycopg-pool"}
"""LGPL-3.0, section 4: imported at run time, unchanged, each a distribution of its own that whoever runs
the archive can replace by another version; what imports it keeps its own licence."""
LGPL = "LGPL-3.0-only"

SPELLED = {
    r"mit( license\b.*)?|expat": "MIT",
    r"(3-clause )?bsd( license)?|bsd 2-clause license|bsd-like": "BSD",
    r"apache( software)? ?(license)?,?( version)? ?(2\.0)?": "Apache-2.0",
    r"psf(l|-2\.0)?|python software foundation license": "PSF-2.0",
    r"mpl-2\.0|mozilla public license 2\.0 \(mpl 2\.0\)": "MPL-2.0",
    r"isc license( \(iscl\))?": "ISC",
}
TEXTS = {"Apache License": "Apache-2.0", "Permission is hereby granted, free of charge": "MIT"}


def list_locked(lock: str) -> Iterator[tuple[str, bool]]:
    """Each name in a lock, and whether some machines do not install it."""
    for line in (ROOT / lock).read_text().splitlines():
        if found := re.match(r"([a-z0-9][\w.-]*)(?:\[[\w,-]+\])?==\S+( *;)?", line):
            yield found[1], found[2] is not None


def name_terms(package: Distribution) -> str:
    """A package's licence as an expression (SPDX) of short names; empty: it says nothing we know."""
    said = package.metadata
    if expression := said.get("License-Expression"):
        return expression
    classified = [
        words.split("::")[-1].strip()
        for words in said.get_all("Classifier") or []
        if words.startswith("License ::") and not words.endswith("OSI Approved")
    ]
    if classified:
        return " AND ".join(spell(words) or words for words in classified)
    if name := spell((said.get("License") or "").partition("\n")[0]):
        return name
    for file in package.files or ():
        if "LICENSE" in file.name.upper():
            text = file.read_text()
            return next((name for start, name in TEXTS.items() if start in text), "")
    return ""


def spell(words: str) -> str:
    if words in PERMISSIVE | BY_FILE:
        return words
    return next((name for said, name in SPELLED.items() if re.fullmatch(said, words.lower())), "")


def is_allowed(terms: str, allowed: set[str]) -> bool:
    """Whether all that stand together are allowed, and one of those there is a choice of."""
    flat = re.sub(r"\(([^()]*)\)", lambda inner: str(is_allowed(inner[1], allowed)), terms)
    return all(
        any(choice.strip() in allowed | {"True"} for choice in part.split(" OR "))
        for part in flat.split(" AND ")
    )


@pytest.mark.parametrize("lock", ["requirements.lock", "requirements-test.lock"])
def test_every_locked_package_is_free_and_none_binds_who_uses_us(lock: str) -> None:
    refused, absent = {}, []
    for name, is_optional in list_locked(lock):
        try:
            terms = name_terms(distribution(name))
        except PackageNotFoundError:
            absent += [] if is_optional else [name]
            continue
        own = {LGPL} if name in LESSER else set()
        if not is_allowed(terms, PERMISSIVE | BY_FILE | own):
            refused[name] = terms or "says nothing"
    assert (refused, absent) == ({}, [])


def test_what_comes_for_the_tests_from_npm_is_free_too() -> None:
    packages = json.loads((ROOT / "package-lock.json").read_text())["packages"]
    said = {name: entry.get("license", "says nothing") for name, entry in packages.items()}
    assert {n: terms for n, terms in said.items() if not is_allowed(terms, PERMISSIVE)} == {}


@pytest.mark.parametrize(
    ("terms", "is_free"),
    [
        ("MIT", True),
        ("GPL-3.0-only", False),
        ("GPL-2.0-only OR MIT", True),
        ("MIT AND GPL-3.0-only", False),
        ("MPL-2.0 AND (Apache-2.0 OR MIT)", True),
        ("Apache-2.0 AND (GPL-2.0-only OR AGPL-3.0-only)", False),
        (LGPL, False),
        ("", False),
    ],
)
def test_a_licence_is_weighed_as_its_expression_says(terms: str, is_free: bool) -> None:
    assert is_allowed(terms, PERMISSIVE | BY_FILE) == is_free


def test_only_who_is_named_may_be_under_the_lesser_licence() -> None:
    locked = [name for name, _ in list_locked("requirements.lock")]
    under = {name for name in locked if name in LESSER and name_terms(distribution(name)) == LGPL}
    assert under == LESSER
