"""Fixtures of imports: which rows were read."""

from dataclasses import replace

import pytest

from archive.records import AdRecord
from scrapers.readers.fields import Fields
from scrapers.spiders import snap


@pytest.fixture
def refs_read(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """The refs of Snap's rows that were read, in order, since the list was emptied."""
    refs: list[str] = []

    def read_ad(fields: Fields) -> AdRecord:
        record = snap.read_ad(fields)
        refs.append(record.ref)
        return record

    monkeypatch.setattr(snap, "ADS", replace(snap.ADS, read_row=read_ad))
    return refs
