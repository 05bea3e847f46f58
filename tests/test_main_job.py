"""The main job on real input: import, find, signal, flag, decide, and see it on the site.

Once on one machine's parts (SQLite, FTS5) and once on many users' (PostgreSQL, Meilisearch).
"""

from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path

import pytest
from fastapi.testclient import TestClient
from pydantic import SecretStr
from sqlalchemy import Engine
from sqlmodel import col, select

from api.app import create_app
from archive.curation.people import add_user
from archive.models import PublicAd, Signal
from archive.models.people import Role
from archive.reading.sources.stats import count_archive
from archive.spending import SpendQuery, summarise_spending
from archive.spending.query import SpendBy
from archive.store.database import read, write
from archive.store.setup import init_archive
from config.overlay import SHIPPED_DIR
from config.settings import DeploymentKind, Settings
from oversight.rules.rule_book import read_rule_book
from scrapers.spiders import find_spiders
from scrapers.work.dispatch.following import follow_changes
from tests.flagging import adopt
from tests.scrapers.crawls import Home
from tests.scrapers.samples import SAMPLES, import_paths, needs_samples

pytestmark = needs_samples

SNAP = [SAMPLES / "snap-political-ads" / year for year in ("2018", "2023-02", "2023-05")]
META = [
    SAMPLES / "meta-ad-library-api" / name
    for name in ("lejo1-example.json", "sfchronicle-FacebookAds-CT.csv")
]


def now() -> datetime:
    return datetime.now(UTC)


@pytest.fixture(params=["one machine", "servers"])
def settings(request: pytest.FixtureRequest, tmp_path: Path) -> Settings:
    alone = Settings(home=tmp_path, deployment_kind=DeploymentKind.AUTHORITY)
    if request.param == "one machine":
        return alone
    server = request.getfixturevalue("meilisearch_server")
    return alone.model_copy(
        update={
            "database_url": request.getfixturevalue("postgresql_url"),
            "meilisearch_url": server.url,
            "meilisearch_key": SecretStr(server.key),
            "meilisearch_index": tmp_path.name.replace("[", "-").replace("]", "-"),
        }
    )


@pytest.fixture
def engine(settings: Settings) -> Iterator[Engine]:
    engine = init_archive(settings, [spider.info for spider in find_spiders().values()])
    yield engine
    engine.dispose()


@pytest.fixture
def imported(settings: Settings, engine: Engine) -> Engine:
    for folder in SNAP:
        import_paths(Home(settings, engine), "snap", folder)
    import_paths(Home(settings, engine), "meta_ad_library", *META)
    follow_changes(settings, engine, now)
    return engine


def test_what_was_imported_is_found_signalled_flagged_decided_and_shown(
    settings: Settings, imported: Engine
) -> None:
    with read(imported) as session:
        counts = count_archive(session)
        sums = summarise_spending(session, SpendQuery(by=SpendBy.PLATFORM, source="snap"))
    assert (counts["ads"], counts["ad_versions"], counts["ad_metrics"]) == (2_301, 2_317, 2_395)
    assert {g.currency: (g.lower_minor, g.upper_minor) for g in sums.groups} == {
        currency: (units * 100, units * 100)
        for currency, units in {
            "USD": 1_346_771,
            "EUR": 165_029,
            "NOK": 137_223,
            "AUD": 54_057,
            "GBP": 51_900,
            "CAD": 46_340,
            "SEK": 9_952,
        }.items()
    }
    with TestClient(create_app(settings)) as client:
        found = client.get("/api/v1/search", params={"q": "climate", "limit": 100}).json()
        sources = [hit["source"] for hit in found["hits"]]
        assert sources.count("snap") >= 5
        assert sources.count("meta_ad_library") >= 3

        ad = find_signalled(imported, [hit["id"] for hit in found["hits"]])
        answer_for(settings, "any/payer-left-blank.yaml")
        with write(imported) as session:
            # What came with the program is in shadow here until a person adopts it.
            adopt(session, read_rule_book(settings), "payer-left-blank", now())
        reference = flag_and_decide(client, imported, ad)

        assert client.get("/api/v1/decisions").json()["items"][0]["reference"] == reference
        assert reference in client.get("/decisions").text
        assert reference in client.get(f"/ads/{ad.replace(':', '/', 1)}").text
        assert client.get(f"/decisions/{reference}").status_code == 200


def answer_for(settings: Settings, name: str) -> None:
    """Give a shipped rule an owner: what is active in an archive of real data has one."""
    text = (SHIPPED_DIR / "rules" / name).read_text()
    owned = text.replace("review_on: null", "owner: Ada\nreview_on: null")
    file = settings.home / "config" / "rules" / name
    file.parent.mkdir(parents=True)
    file.write_text(owned.replace("version: ", "version: 9", 1))


def find_signalled(engine: Engine, ids: list[str]) -> str:
    """The first of these ads that a rule answered not_met for."""
    query = (
        select(PublicAd.public_id)
        .join(Signal, col(Signal.ad_id) == PublicAd.id)
        .where(col(PublicAd.public_id).in_(ids), Signal.answer == "not_met")
    )
    with read(engine) as session:
        return session.exec(query).all()[0]


def flag_and_decide(client: TestClient, engine: Engine, ad: str) -> str:
    """One person flags the ad, another decides; the decision's number."""
    keys = {}
    with write(engine) as session:
        for name, role in (("Ada", Role.ANALYST), ("Bo", Role.REVIEWER)):
            _, keys[name] = add_user(session, name, [role], now())
    versions = client.get(f"/api/v1/ads/{ad.replace(':', '/', 1)}/versions").json()["items"]
    seen = {
        "ad_version": max(version["seq"] for version in versions),
        "rule_sha256": client.get("/api/v1/rules/payer-left-blank").json()["sha256"],
    }
    flag = client.post(
        "/api/v1/flags",
        json={"ad_id": ad, "rule_id": "payer-left-blank", "note": "The field is blank."} | seen,
        headers={"Authorization": f"Bearer {keys['Ada']}"},
    )
    assert flag.status_code == 201, flag.text
    said = {
        "reasons": "The platform asks who pays and shows no answer.",
        "plain_summary": "The ad does not say who paid for it.",
        "legal_basis": "52 U.S.C. 30120",
    }
    path = f"/api/v1/flags/{flag.json()['reference']}/decision"
    bearer = {"Authorization": f"Bearer {keys['Bo']}"}
    # An indicator is no law that anything could be asked under.
    refused = client.post(path, json=said | {"outcome": "request_label"}, headers=bearer)
    assert (refused.status_code, "not a law" in refused.json()["detail"]) == (422, True)
    decision = client.post(path, json=said | {"outcome": "advice"}, headers=bearer)
    assert decision.status_code == 201, decision.text
    return str(decision.json()["reference"])
