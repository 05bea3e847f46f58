"""Ads with texts, compared as the worker does."""

from collections.abc import Callable

import pytest
from sqlmodel import func, select

from archive.duplicates.changes import follow_texts
from archive.duplicates.creatives import find_creatives
from archive.duplicates.reading import AdCopies, list_copies
from archive.models import AdText, PublicAd, ShownText, TextBand
from archive.store.database import read, write
from tests.archive.conftest import NOON


@pytest.fixture
def compare(engine) -> Callable[..., int]:
    """Let the reader of the changes catch up, so many changes at a time."""

    def compare(at_once: int = 2_000) -> int:
        put_aside = 0
        while True:
            with write(engine) as session:
                report = follow_texts(session, NOON, at_once)
            put_aside += report.put_aside
            if not report.changes:
                return put_aside

    return compare


@pytest.fixture
def show(ingest_run, make_ad, compare) -> Callable[..., None]:
    """Take in ads by their texts, or by fields, and compare them."""

    def show(at_once: int = 2_000, **texts: str | dict) -> None:
        given = {
            ref: text if isinstance(text, dict) else {"bodies": [text]}
            for ref, text in texts.items()
        }
        ingest_run([make_ad(ref, **fields) for ref, fields in given.items()], sweep=False)
        compare(at_once)

    return show


@pytest.fixture
def related(engine) -> Callable[[str], dict[str, str]]:
    """Refs of the ads that are listed beside one, each with what it is."""

    def related(ref: str) -> dict[str, str]:
        return {
            item.id.removeprefix("example:"): item.relation.value for item in ask(engine, ref).items
        }

    return related


def ask(engine, ref: str) -> AdCopies:
    with read(engine) as session:
        return list_copies(session, f"example:{ref}")


def count_rows(engine) -> list[int]:
    """How many ads, texts and bands are kept."""
    with read(engine) as session:
        tables = (AdText, ShownText, TextBand)
        return [session.exec(select(func.count()).select_from(table)).one() for table in tables]


def read_creatives(engine) -> dict[str, str]:
    """The creative of each ad, by its ref."""
    with read(engine) as session:
        refs = dict(session.exec(select(PublicAd.id, PublicAd.ref)).all())
        return {refs[ad_id]: creative for ad_id, creative in find_creatives(session, refs).items()}
