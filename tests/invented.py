"""A small invented archive with one ad of every difficult kind, for tests of what people see.

Tests of pages and of the browser build it; nothing in it is real.
"""

from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

from sqlalchemy import Engine
from sqlmodel import Session

from archive.curation.people import add_user
from archive.ingest.close_run import close_run
from archive.ingest.pages import ingest_page
from archive.models.people import Role
from archive.models.runs import Outcome, PieceStatus, QuarantineReason, RunKind
from archive.records import SourceInfo
from archive.records.canonical import hash_bytes
from archive.records.sources import SourceKind
from archive.runs.captures import save_capture
from archive.runs.lease import begin_run, end_run
from archive.runs.plausibility import Figures, ImplausibleBatchError
from archive.runs.quarantine import name_quarantined, settle
from archive.runs.quarantined_batches import quarantine_batch
from archive.store.blobs import BlobStore
from archive.store.database import write
from archive.store.realm import claim_realm
from config.overlay import SHIPPED_DIR
from config.settings import DeploymentKind, Realm, Settings
from oversight.cases import DecisionDraft, DecisionOutcome, decide_flag
from oversight.evaluation.changes import evaluate_changes
from oversight.rules.rule_book import find_rule, read_rule_book
from oversight.rules.use import take_into_use
from tests.flagging import flag_ad
from tests.invented_records import HOSTILE, harbour_ads, meadow_ads, registry_rows
from tests.migrated import init_fresh

NOW = datetime(2026, 11, 23, 7, 20, tzinfo=UTC)

FLAGGED = "meadow_library:900000001"
"""An ad whose source left the field for the payer blank."""

RULE_FILE = SHIPPED_DIR / "rules/us/us-30120-payer-named.yaml"
TEXT_PAGE = f"/texts/{hash_bytes(RULE_FILE.read_bytes())}"
"""The page of a rule's text as it is shipped."""

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
        data_gaps="who saw the ads; the ads' text where it stands in the picture",
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
        data_gaps="exact amounts: it gives ranges",
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
    """An archive with three runs of two sources of ads and one at a registry."""
    engine = init_fresh(settings, SOURCES)
    blobs = BlobStore(settings.blobs_dir)
    with write(engine) as session:
        claim_realm(session, Realm.FICTIONAL)
        month_ago, week_ago = NOW - timedelta(days=30), NOW - timedelta(days=7)
        record_run(session, blobs, "harbour_ads", "2026", month_ago, harbour_ads(0))
        record_run(session, blobs, "harbour_ads", "2026", week_ago, harbour_ads(1))
        record_run(session, blobs, "harbour_ads", "2026", NOW, harbour_ads(2))
        record_run(session, blobs, "meadow_library", "GR", week_ago, list(meadow_ads()))
        record_run(session, blobs, "island_registry", "2026", NOW, list(registry_rows()))
        record_failed_run(session, "meadow_library", "US", NOW - timedelta(days=2))
    return engine


def hold_something(engine: Engine) -> None:
    """Two batches that were implausible: one waits, the other a person has released."""
    gone: Figures = {"what": "ads", "gone": 30}
    takedown = ImplausibleBatchError(QuarantineReason.SHRINK, "30 of 90 ads are gone at once", gone)
    absurd = ImplausibleBatchError(
        QuarantineReason.ABSURD_AMOUNT, f"ad {HOSTILE} states too much", {}
    )
    with write(engine) as session:
        run = begin_run(session, "harbour_ads", "2025", RunKind.CRAWL, NOW)
        released = quarantine_batch(session, run, takedown, NOW)
        quarantine_batch(session, run, absurd, NOW)
        end_run(session, run, Outcome.ATTENTION, NOW)
        because = "the platform closed the account"
        settle(session, name_quarantined(released), PieceStatus.RELEASED, "Ada", because, NOW)


def decide_something(settings: Settings, engine: Engine) -> str:
    """Hold the ads against the rules, flag one and decide on it; returns the decision's number."""
    book = read_rule_book(settings)
    rule = find_rule(book.rules, "payer-left-blank")
    with write(engine) as session:
        evaluate_changes(session, take_into_use(session, book, NOW), book.elections, NOW)
        officer, _ = add_user(session, "An Invented Officer", [Role.ANALYST], NOW)
        reviewer, _ = add_user(session, "An Invented Reviewer", [Role.REVIEWER], NOW)
        flag = flag_ad(session, FLAGGED, rule, "The field for the payer is blank.", officer, NOW)
        draft = DecisionDraft(
            outcome=DecisionOutcome.OPINION_CONCERN,
            reasons="The platform asks who pays.\nThe field is blank. " + HOSTILE,
            legal_basis="None in particular: an indicator",
            plain_summary="Nobody is named as paying for this ad. " + HOSTILE,
        )
        return decide_flag(session, flag, draft, reviewer, book, NOW).reference


def record_run(
    session: Session,
    blobs: BlobStore,
    source: str,
    partition: str,
    at: datetime,
    records: list[Any],
) -> None:
    """One complete run of a partition, with its evidence."""
    run = begin_run(session, source, partition, RunKind.CRAWL, at, is_sweep=True)
    body = "\n".join(record.model_dump_json() for record in records).encode()
    capture = save_capture(
        session,
        run,
        blobs.put_bytes(body),
        url=f"https://{source.replace('_', '-')}.example/{partition}",
        now=at,
        status=200,
        media_type="application/json",
    )
    ingest_page(session, run, records, capture.id, at + timedelta(seconds=5))
    close_run(session, run, Outcome.DONE, at + timedelta(seconds=7), covered=True)


def record_failed_run(session: Session, source: str, partition: str, at: datetime) -> None:
    """A run that ended badly, which leaves a gap."""
    run = begin_run(session, source, partition, RunKind.CRAWL, at)
    end_run(session, run, Outcome.FAILED, at + timedelta(minutes=3), reason="the token has expired")
