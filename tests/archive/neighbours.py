"""A world in which everything has a neighbour, and everything that the archive says about a source of it.

Two sources show ads under the same refs, each in two partitions, with amounts in two currencies and in
none, in several countries, younger and older, moved, vanished, returned and late. The second source says
other things (`voice`), so that whatever is mixed up shows.
"""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import date, timedelta
from typing import Any

from sqlmodel import Session

from archive.curation.labels import label_ad, withdraw_label
from archive.ingest.close_run import close_run
from archive.ingest.pages import ingest_page
from archive.models import QuarantinedPiece, Source
from archive.models.runs import Outcome, QuarantineReason, RunKind
from archive.reading.ads.ads import find_ad_row
from archive.records import (
    AdRecord,
    AdvertiserMove,
    AdvertiserSpendRecord,
    AnyRecord,
    CommitteeRecord,
    DisclosureRecord,
    Grain,
    SourceInfo,
    SourceTotalRecord,
)
from archive.runs.captures import save_capture
from archive.runs.lease import begin_run
from archive.runs.plausibility import ImplausibleBatchError
from archive.runs.quarantined_batches import quarantine_batch
from archive.store.blobs import Blob
from tests.archive.moments import day

FIRST_ON = date(2026, 3, 1)

SOURCES = ("harbour", "meadow")
REFS = ("a1", "a2", "a3", "a4", "old", "quiet", "w1", "w2", "young")


@dataclass(frozen=True)
class Step:
    """One run: when it is learned and of which day, what it shows and how it ends."""

    learned: float
    partition: str
    shows: Callable[[int], list[AnyRecord]] = lambda _voice: []
    observed: float | None = None
    is_complete: bool = True
    kind: RunKind = RunKind.CRAWL
    outcome: Outcome = Outcome.DONE
    reason: str = ""


def on(number: int) -> date:
    return FIRST_ON + timedelta(days=number)


def show_ad(ref: str, voice: int, **values: Any) -> AdRecord:
    given = {
        "platform": ("pier", "field")[voice],
        "advertiser_ref": "p1",
        "advertiser_name": f"Party {voice}",
        "payer_name": f"Payer {voice}",
        "bodies": [f"Vote {voice} {ref}"],
        "countries": ["GR"],
        "currency": "EUR",
        "spend_lower_minor": 100_00 + voice,
        "spend_upper_minor": 199_00 + voice,
        "started_on": on(0),
    }
    return AdRecord(ref=ref, **(given | values))


def state(voice: int, dataset: str, amount: int | None, **values: Any) -> AdvertiserSpendRecord:
    given = {
        "platform": ("pier", "field")[voice],
        "grain": Grain.LIFETIME,
        "advertiser_ref": "p1",
        "advertiser_name": f"Party {voice}",
        "countries": ["GR"],
        "currency": "EUR",
        "spend_lower_minor": None if amount is None else amount + voice,
        "spend_upper_minor": None if amount is None else amount + voice,
    }
    return AdvertiserSpendRecord(dataset=dataset, **(given | values))


def file_row(voice: int, ref: str, amount: int, **values: Any) -> DisclosureRecord:
    given = {
        "committee_ref": "C1",
        "payee_name": f"Printer {voice}",
        "currency": "USD",
        "amount_minor": amount + voice,
        "is_memo": False,
        "is_notice": False,
        "is_correction": amount < 0,
        "spent_on": on(1),
    }
    return DisclosureRecord(ref=ref, **(given | values))


NO_AMOUNT = {"spend_lower_minor": None, "spend_upper_minor": None}
WEEK = {"grain": Grain.WEEK, "period_start_on": on(-7), "period_end_on": on(-1)}


def show_east(voice: int) -> list[AnyRecord]:
    return [
        show_ad("a1", voice, ended_on=on(2)),
        show_ad("a2", voice, countries=["CY", "GR"], currency="USD", spend_upper_minor=None),
        show_ad("a3", voice, countries=[], currency=None, payer_name=None, started_on=None),
        show_ad("a4", voice, **NO_AMOUNT, declared_political=True, election_name="Mayor"),
        show_ad("old", voice, started_on=on(-400), ended_on=on(-300), advertiser_ref="p0"),
        show_ad("quiet", voice, declared_political=False, payer_name="Quiet"),
        state(voice, "totals", 900_00, ads_count=9),
        state(voice, "totals", 50_00, advertiser_ref="p2", countries=["CY"], currency="USD"),
        state(voice, "weeks", 70_00, **WEEK),
        state(voice, "parts", 30_00, grain=Grain.REGION, countries=["GR", "GR-A"]),
        CommitteeRecord(ref="C1", name=f"Committee {voice}"),
        file_row(voice, "f1", 40_00),
        file_row(voice, "f2", 999_00, is_memo=True),
        file_row(voice, "f3", -5_00, spent_on=None),
        SourceTotalRecord(dataset="index", subject="", country="GR", ads_count=10 + voice),
    ]


def change_east(voice: int) -> list[AnyRecord]:
    """Words change, figures move, rise and fall; `a4` is gone, and a week."""
    return [
        show_ad("a1", voice, ended_on=on(2), bodies=[f"Vote {voice} now"], payer_name="New payer"),
        show_ad("a2", voice, countries=["CY"], currency="USD", spend_upper_minor=500_00),
        show_ad("a3", voice, currency="EUR", countries=["GR"], declared_political=True),
        show_ad("old", voice, started_on=on(-400), ended_on=on(-300), spend_upper_minor=150_00),
        show_ad("quiet", voice, declared_political=False, spend_lower_minor=50_00),
        state(voice, "totals", 800_00, ads_count=8),
        state(voice, "totals", 60_00, advertiser_ref="p2", countries=["CY"], currency="USD"),
        state(voice, "parts", 35_00, grain=Grain.REGION, countries=["GR", "GR-A"]),
        file_row(voice, "f1", 45_00),
        SourceTotalRecord(dataset="index", subject="", country="GR", ads_count=20 + voice),
    ]


def show_west(voice: int, name: str = "West") -> list[AnyRecord]:
    return [
        show_ad("w1", voice, countries=["CY"], advertiser_ref="p2", advertiser_name=name),
        show_ad("w2", voice, currency="USD", advertiser_ref="p2", advertiser_name=name),
        state(voice, "totals", 7_00, advertiser_ref="p9", ads_count=2),
        file_row(voice, "f9", 11_00, committee_ref="C9"),
    ]


STEPS = [
    Step(1, "east", show_east),
    Step(1.5, "west", show_west),
    Step(3, "east", change_east),
    Step(4, "west", outcome=Outcome.FAILED, is_complete=False, reason="the token has expired"),
    Step(
        5,
        "east",
        lambda voice: [
            show_ad("a1", voice, bodies=["Late words"], spend_lower_minor=110_00),
            show_ad("a2", voice, currency="EUR"),
            state(voice, "totals", 850_00, ads_count=8),
            file_row(voice, "f1", 41_00),
        ],
        observed=2,
        is_complete=False,
        kind=RunKind.IMPORT,
    ),
    Step(6, "west", lambda voice: show_west(voice)[:1]),
    Step(
        7,
        "east",
        lambda voice: [
            show_ad("a4", voice, **NO_AMOUNT, declared_political=True, election_name="Mayor"),
            show_ad("young", voice, started_on=on(6), impressions_lower=5, impressions_upper=9),
            AdvertiserMove(old_ref="p1", new_ref="p3"),
            show_ad(
                "a3", voice, advertiser_ref="p3", advertiser_name="Union", declared_political=False
            ),
        ],
        is_complete=False,
    ),
    Step(
        8, "east", lambda voice: change_east(voice)[:2], outcome=Outcome.PARTIAL, is_complete=False
    ),
    Step(12, "west", lambda voice: show_west(voice, "Occident")),
    Step(13, "east", lambda voice: show_east(voice)[:6], observed=12.5),
]


def add_sources(session: Session) -> None:
    for source in SOURCES:
        info = SourceInfo(
            id=source,
            title=source.title(),
            publisher=source,
            kind="ads",
            homepage=f"https://{source}.example",
            documentation=f"https://{source}.example/about",
            licence="none",
            access="robots: obey",
            partition_unit="a side",
            seconds_between_requests=1,
        )
        session.add(Source(**info.model_dump()))
    session.flush()


def take_step(session: Session, source: str, step: Step) -> None:
    """Take a run of a source in, with a capture, and what people do after it."""
    voice, now = SOURCES.index(source), day(step.learned)
    observed_on = None if step.observed is None else day(step.observed)
    lease = begin_run(
        session,
        source,
        step.partition,
        step.kind,
        now,
        observed_on=observed_on,
        is_sweep=step.kind is RunKind.CRAWL,
    )
    blob = Blob(f"{voice}{step.learned:063}", 100 + voice)
    capture = save_capture(session, lease, blob, url=f"https://{source}.example/", now=now)
    if records := step.shows(voice):
        ingest_page(session, lease, records, capture.id, now)
    if step.outcome is Outcome.PARTIAL:
        doubt = ImplausibleBatchError(QuarantineReason.SHRINK, f"{voice} of 9 ads are gone", {})
        quarantine_batch(session, lease, doubt, now)
        session.add(
            QuarantinedPiece(
                run_id=lease.run_id,
                capture_id=capture.id,
                source=source,
                sha256=blob.sha256,
                quarantined_at=now,
                file="ads.csv",
                reason="a row is cut",
            )
        )
    close_run(session, lease, step.outcome, now, covered=step.is_complete, reason=step.reason)
    if step.learned == 6:
        label_ad(session, find_ad_row(session, f"{source}:quiet"), f"Ann {voice}", "Votes.", now)
    if step.learned == 8:
        withdraw_label(session, find_ad_row(session, f"{source}:quiet"), "Bob", "Lamps.", now)
