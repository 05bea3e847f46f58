"""A small invented archive with one ad of every difficult kind, for tests of what people see.

Tests of pages and of the browser build it; nothing in it is real.
"""

from collections.abc import Iterator
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from typing import Any

from sqlalchemy import Engine
from sqlmodel import Session

from archive.blobs import BlobStore
from archive.captures import save_capture
from archive.database import write
from archive.held_batches import hold_batch, settle_batch
from archive.ingest import ingest_page
from archive.looks import close_look
from archive.models.collecting import HeldReason, Outcome, PieceStatus, RunKind
from archive.models.people import Role
from archive.people import add_user
from archive.plausibility import Figures, ImplausibleBatchError
from archive.realm import claim_realm
from archive.records import AdRecord, DisclosureRecord, SourceInfo
from archive.records.sources import SourceKind
from archive.runs import begin_run, end_run
from archive.setup import init_archive
from config.settings import DeploymentKind, Realm, Settings
from oversight.cases import DecisionDraft, DecisionOutcome, decide_flag, raise_flag
from oversight.elections import load_elections
from oversight.evaluate import evaluate_changes
from oversight.rules import load_rules

NOW = datetime(2026, 11, 23, 7, 20, tzinfo=UTC)

HOSTILE = '<script>alert("x")</script> "><img src=x onerror=alert(1)> \u202egnihton\u202c {{ 7*7 }}'

FLAGGED = "meadow_library:900000001"
"""An ad whose source left the field for the payer blank."""

SOURCES = [
    SourceInfo(
        id="harbour_ads",
        title="Harbour political ads file",
        publisher="Harbour (an invented platform)",
        kind=SourceKind.ADS,
        homepage="https://harbour.example/ads",
        documentation="https://harbour.example/ads/about",
        licence="not stated",
        access="robots: obey",
        partition_unit="a year's file",
        seconds_between_requests=1,
        lacks="who saw the ads; the ads' text where it stands in the picture",
    ),
    SourceInfo(
        id="meadow_library",
        title="Meadow ad library",
        publisher="Meadow (an invented platform)",
        kind=SourceKind.ADS,
        homepage="https://meadow.example/library",
        documentation="https://meadow.example/library/api",
        licence="Meadow library terms",
        access="terms of the API",
        needs="an access token",
        partition_unit="a country",
        seconds_between_requests=2,
        lacks="exact amounts: it gives ranges",
    ),
    SourceInfo(
        id="island_registry",
        title="Island registry of campaign expenses",
        publisher="Registry of the Island (invented)",
        kind=SourceKind.DISCLOSURES,
        homepage="https://registry.example",
        documentation="https://registry.example/format",
        licence="public domain",
        access="robots: obey",
        partition_unit="a year's file",
        seconds_between_requests=1,
    ),
]


def make_settings(home: Path) -> Settings:
    """Settings of the invented archive, whatever the environment says."""
    return Settings(
        home=home,
        database_url=None,
        meilisearch_url=None,
        operator_name="The Invented Watch",
        operator_contact="watch@example.org",
        deployment_kind=DeploymentKind.DEMO,
    )


def make_archive(settings: Settings) -> Engine:
    """An archive with three looks at two sources of ads and one at a registry."""
    engine = init_archive(settings, SOURCES)
    blobs = BlobStore(settings.blobs_dir)
    with write(engine) as session:
        claim_realm(session, Realm.FICTIONAL)
        month_ago, week_ago = NOW - timedelta(days=30), NOW - timedelta(days=7)
        take_look(session, blobs, "harbour_ads", "2026", month_ago, harbour_ads(0))
        take_look(session, blobs, "harbour_ads", "2026", week_ago, harbour_ads(1))
        take_look(session, blobs, "harbour_ads", "2026", NOW, harbour_ads(2))
        take_look(session, blobs, "meadow_library", "GR", week_ago, list(meadow_ads()))
        take_look(session, blobs, "island_registry", "2026", NOW, list(registry_rows()))
        fail_look(session, "meadow_library", "US", NOW - timedelta(days=2))
    return engine


def hold_something(engine: Engine) -> None:
    """Two batches that were not believed: one waits, the other a person has released."""
    gone: Figures = {"what": "ads", "gone": 30}
    takedown = ImplausibleBatchError(HeldReason.SHRINK, "30 of 90 ads are gone at once", gone)
    absurd = ImplausibleBatchError(HeldReason.ABSURD_AMOUNT, f"ad {HOSTILE} states too much", {})
    with write(engine) as session:
        look = begin_run(session, "harbour_ads", "2025", RunKind.CRAWL, NOW)
        released = hold_batch(session, look, takedown, NOW)
        hold_batch(session, look, absurd, NOW)
        end_run(session, look, Outcome.ATTENTION, NOW)
        assert released.id is not None
        because = "the platform closed the account"
        settle_batch(session, released.id, PieceStatus.RELEASED, "Ada", because, NOW)


def decide_something(settings: Settings, engine: Engine) -> str:
    """Hold the ads against the rules, flag one and decide on it; returns the decision's number."""
    rules, elections = load_rules(settings), load_elections(settings)
    rule = next(rule for rule in rules if rule.id == "payer-left-blank")
    with write(engine) as session:
        evaluate_changes(session, rules, elections, NOW)
        officer, _ = add_user(session, "An Invented Officer", [Role.ANALYST], NOW)
        reviewer, _ = add_user(session, "An Invented Reviewer", [Role.REVIEWER], NOW)
        flag = raise_flag(session, FLAGGED, rule, "The field for the payer is blank.", officer, NOW)
        draft = DecisionDraft(
            outcome=DecisionOutcome.OPINION_CONCERN,
            reasons="The platform asks who pays.\nThe field is blank. " + HOSTILE,
            legal_basis="None in particular: an indicator",
            plain_summary="Nobody is named as paying for this ad. " + HOSTILE,
        )
        return decide_flag(session, flag, draft, reviewer, settings, NOW).reference


def take_look(
    session: Session,
    blobs: BlobStore,
    source: str,
    partition: str,
    at: datetime,
    records: list[Any],
) -> None:
    """One complete look at a partition, with its evidence."""
    look = begin_run(session, source, partition, RunKind.CRAWL, at, is_sweep=True)
    body = "\n".join(record.model_dump_json() for record in records).encode()
    capture = save_capture(
        session,
        look,
        blobs.put_bytes(body),
        url=f"https://{source.replace('_', '-')}.example/{partition}",
        now=at,
        status=200,
        media_type="application/json",
    )
    ingest_page(session, look, records, capture.id, at + timedelta(seconds=5))
    close_look(session, look, Outcome.DONE, at + timedelta(seconds=7), covered=True)


def fail_look(session: Session, source: str, partition: str, at: datetime) -> None:
    """A look that ended badly, which leaves a gap."""
    look = begin_run(session, source, partition, RunKind.CRAWL, at)
    end_run(
        session, look, Outcome.FAILED, at + timedelta(minutes=3), reason="the token has expired"
    )


def harbour_ads(look: int) -> list[AdRecord]:
    """Ads with exact amounts: one whose text, payer and numbers move, one that vanishes."""
    ads = [harbour_mill(look), harbour_plain(2, look), harbour_plain(3, look), harbour_hostile()]
    return ads if look < 2 else ads[:2] + ads[3:]


def harbour_mill(look: int) -> AdRecord:
    """An ad that changed its words and its payer, and whose spend grew."""
    bodies = [
        "Save the old mill. Sign today.",
        "Save the old mill. Sign before 1 December.",
        "Save the old mill. Sign before 1 December.",
    ]
    spend = (120_00, 480_00, 1_020_00)[look]
    return AdRecord(
        ref="mill-1",
        platform="harbour",
        url="https://harbour.example/ads/mill-1",
        advertiser_ref="77",
        advertiser_name="Friends of the Old Mill",
        payer_name="Old Mill Trust" if look else "Mill Holdings Ltd",
        countries=["GR"],
        languages=["en"],
        titles=["The mill belongs to everyone"],
        bodies=[bodies[look]],
        landing_urls=["https://mill.example/climate-action?from=ad"],
        media_type="image",
        declared_political=True,
        started_on=date(2026, 10, 20),
        ended_on=date(2026, 12, 1) if look else None,
        currency="EUR",
        spend_lower_minor=spend,
        spend_upper_minor=spend,
        impressions_lower=(9_000, 41_000, 88_500)[look],
        impressions_upper=(9_000, 41_000, 88_500)[look],
        targeting=[{"dimension": "age", "mode": "include", "text": "35+"}],
        delivery=[
            {"by": "age_gender", "age": "35-44", "gender": "female", "share": 0.41},
            {"by": "age_gender", "age": "35-44", "gender": "male", "share": 0.5895},
            {"by": "age_gender", "age": "45-54", "gender": "male", "share": 0.0005},
            {"by": "region", "region": "Thessaly", "share": 1.0},
        ],
        source_fields={"CreativeKind": "still"},
    )


def harbour_plain(number: int, look: int) -> AdRecord:
    """An ad with an exact amount in dollars and nothing said about who saw it."""
    return AdRecord(
        ref=f"plain-{number}",
        platform="harbour",
        advertiser_ref="78",
        advertiser_name="Neighbours for Night Buses",
        payer_name="Neighbours for Night Buses",
        countries=["US"],
        bodies=[f"Night buses on line {number}: vote for measure B."],
        started_at=datetime(2026, 10, 20, 15, 30, tzinfo=UTC),
        started_on=date(2026, 10, 20),
        currency="USD",
        spend_lower_minor=number * 1_000_00 + look,
        spend_upper_minor=number * 1_000_00 + look,
    )


def harbour_hostile() -> AdRecord:
    """An ad that would like to be more than text."""
    return AdRecord(
        ref="odd/ref ?#%:1",
        platform="harbour",
        advertiser_name=HOSTILE,
        payer_name=HOSTILE,
        titles=[HOSTILE],
        bodies=["climate " + HOSTILE],
        landing_urls=["javascript:alert(1)"],
        election_name=HOSTILE,
        targeting=[{"dimension": HOSTILE, "mode": "include", "text": HOSTILE}],
        source_fields={"Note": HOSTILE},
    )


def meadow_ads() -> Iterator[AdRecord]:
    """Ads with ranges, some with open ends, blank bylines and no currency."""
    texts = [
        ("en", "Clean air is not a luxury. Climate action now."),
        ("ar", "صوّتوا من أجل مستقبل أفضل. حماية المناخ تبدأ اليوم."),
        ("el", "Ψηφίστε για τα πάρκα της πόλης."),
        ("de", "Für bezahlbare Mieten in der Hafenstadt."),
    ]
    for number, (language, body) in enumerate(texts, start=1):
        is_open = number == 2
        yield AdRecord(
            ref=f"90000000{number}",
            platform="meadow",
            advertiser_ref=str(500 + number),
            advertiser_name=f"Voices of the Meadow {number}",
            payer_name="" if number < 3 else "Meadow Voices e.V.",
            countries=["GR"] if number % 2 else ["GR", "US"],
            languages=[language],
            declared_political=True,
            bodies=[body],
            started_at=datetime(2026, 11, number, tzinfo=UTC),
            started_on=date(2026, 11, number),
            currency=None if number == 4 else "EUR",
            spend_lower_minor=number * 300_00,
            spend_upper_minor=None if is_open else number * 300_00 + 99_00,
            impressions_lower=number * 10_000,
            impressions_upper=None if is_open else number * 10_000 + 4_999,
        )


def registry_rows() -> Iterator[DisclosureRecord]:
    """Two payments of one filer, one of them a correction."""
    for number, amount in enumerate((5_000_00, -250_00), start=1):
        yield DisclosureRecord(
            ref=f"R{number}",
            committee_ref="C1",
            payer_name="Old Mill Trust",
            payee_name="Harbour",
            purpose="online ads",
            spent_on=date(2026, 11, number),
            currency="EUR",
            amount_minor=amount,
            is_memo=False,
            is_notice=False,
            is_correction=amount < 0,
        )
