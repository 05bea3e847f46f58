"""Whatever instant, number or text a source may give: it is refused by name or kept, and nothing breaks.

No reader, no step and no answer may need the fence: what it would put aside here is a mistake of ours.
"""

from collections.abc import Iterator
from datetime import UTC, date, datetime
from pathlib import Path
from typing import Any
from urllib.parse import quote

import pytest
from fastapi.testclient import TestClient
from sqlalchemy import Engine
from sqlmodel import select

import api.limits
from api.app import create_app
from archive.models import PublicAd, QuarantinedPiece
from archive.models.runs import Outcome, RunKind
from archive.records import AdRecord, AnyRecord, DisclosureRecord, Unreadable
from archive.runs.lease import begin_run, end_run
from archive.store.blobs import BlobStore
from archive.store.database import create_archive_engine, read, write
from archive.store.outages import Patience
from archive.store.setup import write_sources
from config.settings import Settings
from scrapers.intake.pages import Intake, read_rows_but
from scrapers.readers.files import SourceFile
from scrapers.readers.reading import NotRead
from scrapers.sources.spider import read_delivery
from scrapers.spiders import find_spiders
from scrapers.work.dispatch.following import follow_changes
from tests.examples import few_or_many
from tests.spoiled import EXTREMES, list_fixtures, spoil

NOW = datetime(2026, 11, 29, 12, tzinfo=UTC)
FIRST, LAST = date.min, date.max


def read_spoiled(source: str, path: Path) -> Iterator[AnyRecord | Unreadable]:
    """What the reader of a source makes of its fixture, spoiled in one place at a time."""
    files = list(spoil(path))
    for data in files[:: max(1, len(files) // few_or_many(60, 5_000))]:
        file = SourceFile.from_bytes(path.name, data)
        readings = read_rows_but({}, list(read_delivery(find_spiders()[source], file)))
        yield from (each for each in readings if not isinstance(each, NotRead))


@pytest.mark.parametrize(
    ("source", "path"), [pytest.param(*each, id=each[1].name) for each in list_fixtures()]
)
def test_a_reader_refuses_by_name_what_it_cannot_read(source: str, path: Path) -> None:
    refused = [each for each in read_spoiled(source, path) if isinstance(each, Unreadable)]
    assert {each.detail for each in refused} <= {""}


def make_edges() -> list[AnyRecord]:
    """Records at every edge that a record has."""
    instants = {
        "started_at": datetime.min.replace(tzinfo=UTC),
        "ended_at": datetime.max.replace(tzinfo=UTC),
    }
    money = {"spend_lower_minor": 0, "spend_upper_minor": 2**53, "impressions_lower": 2**53}
    given: list[dict[str, Any]] = [
        {"started_on": FIRST, "ended_on": LAST, **money},
        {"started_on": FIRST, "day_zone": "Etc/GMT-14"},
        {"started_on": LAST, "ended_on": LAST, "day_zone": "Etc/GMT+12", **money},
        {"ended_on": FIRST},
        dict(instants),
        {"delivery": [{"by": "age", "count": 10**400}], "bodies": ["\x1b[31m\u202e\u2028 vote"]},
        {"source_fields": {"\x1b": "\x07"}, "payer_name": "\x85", "titles": ["=1+1"]},
    ]
    ads = [
        AdRecord(ref=f"edge/{number}", platform="p", currency="EUR", countries=["US"], **each)
        for number, each in enumerate(given)
    ]
    flags = dict.fromkeys(("is_memo", "is_notice", "is_correction"), False)
    filed = {"currency": "USD", "amount_minor": 2**53, "spent_on": LAST, "report_year": 2**31 - 1}
    return [*ads, DisclosureRecord(ref="edge", committee_ref="C1", **filed, **flags)]


def take_in(settings: Settings, engine: Engine, source: str, records: list[AnyRecord]) -> None:
    """One run whose pages are taken in as a crawl's are."""
    with write(engine) as session:
        lease = begin_run(session, source, "edges", RunKind.CRAWL, NOW, is_sweep=True)
    intake = Intake(engine, BlobStore(settings.blobs_dir), lease, lambda: NOW, Patience(0))
    capture = intake.keep_capture(intake.blobs.put_bytes(b"all"), url="https://a.example/x.csv")
    for start in range(0, len(records), 500):
        intake.take_page(records[start : start + 500], capture)
    with write(engine) as session:
        end_run(session, lease, Outcome.DONE, NOW, complete=True)


@pytest.fixture
def extreme(archive_url: str, tmp_path: Path) -> Iterator[tuple[Settings, Engine]]:
    """An archive of edges, and of what the readers let through of the spoiled files."""
    settings = Settings(home=tmp_path / "home", database_url=archive_url, meilisearch_url=None)
    engine = create_archive_engine(archive_url)
    with write(engine) as session:
        write_sources(session, [spider.info for spider in find_spiders().values()])
    by_source: dict[str, list[AnyRecord]] = {"snap": make_edges()}
    for source, path in list_fixtures():
        for number, record in enumerate(read_spoiled(source, path)):
            if isinstance(record, AdRecord) and number % few_or_many(9, 2) == 0:
                record.ref = f"{path.name}/{number}"
            if not isinstance(record, Unreadable) and number % few_or_many(9, 2) == 0:
                by_source.setdefault(source, []).append(record)
    for source, records in by_source.items():
        take_in(settings, engine, source, records)
    yield settings, engine
    engine.dispose()


SINCE = "%66rom=1970-01-01"
"""The first day that may be asked for; spelt so that it stands apart from those that may not."""
DAYS = ("from=0001-01-01&to=0001-12-31", "from=9990-01-01&to=9999-12-31", "from=0001-01-01")
PATHS = (
    *("/", "/search?q=vote", "/spend", "/sources", "/sources/snap", "/missing", "/quarantined"),
    *("/corrections", "/corrections/feed.atom", "/decisions", "/api/v1/ads", "/api/v1/search"),
    *("/api/v1/disclosures", "/api/v1/coverage", "/api/v1/runs", "/api/v1/missing"),
    *(f"/api/v1/spend?{days}" for days in DAYS),
    *(f"/api/v1/spend?{days}&by={by}" for days in DAYS[:2] for by in ("week", "month")),
    *(f"/api/v1/spend?{days}&measure={m}" for days in DAYS[:2] for m in ("reported", "disclosed")),
    *(f"/api/v1/spend?to=9999-12-31&{SINCE}&by={by}" for by in ("week", "month", "payer")),
    *(f"/api/v1/spend?to=9999-12-31&{SINCE}&measure={m}" for m in ("reported", "disclosed")),
    *(f"/api/v1/spend?convert_to=USD&basis={basis}&{DAYS[1]}" for basis in ("bounds", "estimate")),
    *("/api/v1/spend?convert_to=USD", "/api/v1/spend?by=day&from=9999-12-01&to=9999-12-31"),
    *(f"/api/v1/coverage?{days}" for days in DAYS),
    *("/api/v1/spend?from=0001-01-01&to=9999-12-31", "/spend?from=0001-01-01&to=9999-12-31"),
    *(f"/api/v1/search?as_of={NOW:%Y-%m-%d}&q=vote", "/api/v1/ads?valid_at=0001-01-01"),
    *(f"/api/v1/downloads/{what}" for what in ("ads.csv", "ads.parquet", "versions.jsonl")),
    *("/api/v1/downloads/delivery.csv", "/api/v1/downloads/disclosures.parquet"),
)
NAMES = (
    *("as_of", "valid_at", "from", "to", "cursor", "page", "limit", "q", "filter", "by", "country"),
    *("currency", "source", "include", "format", "after"),
)
"""What any address may be asked by; each route takes its own and leaves the others."""


def test_what_was_let_through_goes_every_way_an_ad_goes(
    extreme: tuple[Settings, Engine], monkeypatch: pytest.MonkeyPatch
) -> None:
    settings, engine = extreme
    follow_changes(settings, engine, lambda: NOW, mirror=True)
    with read(engine) as session:
        pieces = session.exec(select(QuarantinedPiece)).all()
        assert [(piece.stage, piece.subject, piece.detail) for piece in pieces] == []
        edges = session.exec(select(PublicAd.public_id).where(PublicAd.platform == "p")).all()
    assert len(edges) == 7
    monkeypatch.setattr(api.limits, "READS_A_MINUTE", 10**6)
    with TestClient(create_app(settings, lambda: NOW), raise_server_exceptions=False) as client:
        paths = [*PATHS, *(f"/ads/snap/{quote(ad.removeprefix('snap:'))}" for ad in edges)]
        answers = {path: client.get(path).status_code for path in paths}
    assert {path: status for path, status in answers.items() if status not in {200, 400}} == {}
    refused = sorted(path for path, status in answers.items() if status == 400)
    assert refused == sorted(path for path in PATHS if "/spend?" in path and "from=" in path)


@pytest.fixture
def client(tmp_path: Path, archive_url: str, monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setattr(api.limits, "READS_A_MINUTE", 10**6)
    settings = Settings(home=tmp_path / "home", database_url=archive_url, meilisearch_url=None)
    with TestClient(create_app(settings, lambda: NOW), raise_server_exceptions=False) as client:
        yield client


def test_no_word_in_an_address_breaks_an_answer(client: TestClient) -> None:
    routes = client.get("/api/v1/openapi.json").json()["paths"]
    bare = [path for path, methods in routes.items() if "get" in methods]
    paths = {f"/api/v1{path}" for path in bare} | {path.partition("?")[0] for path in PATHS}
    failed = {}
    values = (*EXTREMES, "9" * 5_000)
    for turn, path in enumerate(sorted(paths)):
        # Each path meets other ones, so that each value meets many paths.
        for value in values[turn % (step := few_or_many(10, 1)) :: step]:
            word = quote(value.encode(errors="surrogatepass"), safe="")
            asked = path
            while "{" in asked:
                asked = asked[: asked.index("{")] + word + asked[asked.index("}") + 1 :]
            for group in (NAMES[:2], NAMES[2:4], NAMES[4:10], NAMES[10:]):
                address = f"{asked}?{'&'.join(f'{name}={word}' for name in group)}"
                status = client.get(address).status_code
                # A search copy that was never filled answers 503.
                if status == 500:
                    failed[address[:150]] = status
    assert failed == {}


@pytest.mark.parametrize(
    "address",
    [
        "/api/v1/ads?as_of=0001-01-01T00:00:00%2B14:00",
        "/api/v1/spend?from=0001-01-01&to=9999-12-31",
        "/search?" + "&".join(f"country=A{number}" for number in range(1_875)),
        "/api/v1/search?" + "&".join(f"source=a{number}" for number in range(1_875)),
    ],
)
def test_what_no_answer_could_be_given_to_is_refused(client: TestClient, address: str) -> None:
    answer = client.get(address)
    assert answer.status_code == 400
    assert "Traceback" not in answer.text


@pytest.mark.parametrize("text", ["\\ud800", "a\\u0000b"])
def test_half_a_character_in_a_body_is_refused(client: TestClient, text: str) -> None:
    said = f'{{"ad_address": "{text}", "concern": "{text}"}}'
    answer = client.post("/api/v1/notices", content=said)
    assert answer.status_code in {201, 400, 422}
