"""Corrections for the invented archive: one of an ad, one of a statement with hostile words."""

from datetime import timedelta

from sqlalchemy import Engine

from archive.ingest.corrections import (
    Figures,
    Subject,
    correct_ad,
    withdraw_statement,
    write_corrections,
)
from archive.ingest.rows import Stamp
from archive.runs.lease import RunLease
from archive.spending import SpendMeasure
from archive.store.database import write
from tests.invented import NOW
from tests.invented_records import HOSTILE

RUN = 1


def correct_something(engine: Engine, ad_id: str, advertiser_id: str) -> None:
    """An ad's spend that fell, and a week that the source no longer states."""
    source = ad_id.partition(":")[0]
    lease = RunLease(RUN, source, "2026", 1, NOW, is_sweep=True)
    stamp = Stamp(lease, None, NOW)
    earlier = NOW - timedelta(days=3)
    amounts = {"currency": "EUR", "spend_lower_minor": 900_00, "spend_upper_minor": None}
    before, after = Figures(amounts, earlier), Figures(amounts | {"spend_lower_minor": 1}, NOW)
    fallen = correct_ad(ad_id, advertiser_id, stamp, before, after, None)
    series = f"weekly|{HOSTILE}|week|2026-11-01"
    gone = withdraw_statement(Subject(SpendMeasure.REPORTED, series, None), stamp, before)
    with write(engine) as session:
        write_corrections(session, [row for row in (fallen, gone) if row is not None])
