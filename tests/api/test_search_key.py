"""The site needs a key of the search engine that may search and count, and no other."""

from collections.abc import Iterator
from uuid import uuid4

import meilisearch
import pytest
from fastapi.testclient import TestClient
from pydantic import SecretStr

from api.app import create_app, with_search_key
from archive.store.database import open_engine
from search.copies.sync import rebuild_index, sync_index
from search.engines import open_search
from search.port import SearchUnavailableError
from tests.api.conftest import NOON

WHAT_A_SITE_DOES = ["search", "stats.get"]


@pytest.fixture
def served(settings, meilisearch_server) -> Iterator[tuple[object, object]]:
    """The settings of a site with a key of its own, and the archive, indexed with the other key."""
    index = f"ads-{uuid4().hex}"
    own = {"meilisearch_url": meilisearch_server.url, "meilisearch_index": index}
    writing = settings.model_copy(
        update=own | {"meilisearch_key": SecretStr(meilisearch_server.key)}
    )
    engine = open_engine(writing)
    sync_index(engine, open_search(writing, engine), NOON)
    client = meilisearch.Client(meilisearch_server.url, meilisearch_server.key)
    key = client.create_key(
        {"actions": WHAT_A_SITE_DOES, "indexes": [index, f"{index}_about"], "expiresAt": None}
    )
    reading = {"meilisearch_search_key": SecretStr(key.key), "meilisearch_key": None}
    yield settings.model_copy(update=own | reading), engine
    client.delete_key(key.uid)
    engine.dispose()


def test_with_a_search_only_key_the_site_searches_and_knows_its_health(served, clock):
    settings, _ = served

    with TestClient(create_app(settings, clock)) as client:
        found = client.get("/api/v1/search?q=harbour").json()
        page = client.get("/search?q=harbour")
        health = client.get("/api/v1/health").json()

    assert (found["engine"], found["total"]) == ("meilisearch", 3)
    assert page.status_code == 200
    assert not [each for each in health.get("reasons", []) if "search" in str(each).lower()], health


def test_that_key_writes_nothing(served):
    settings, engine = served

    with pytest.raises(SearchUnavailableError, match="refuses"):
        rebuild_index(engine, open_search(with_search_key(settings), engine), NOON)


def test_without_one_the_site_uses_the_only_key_there_is(settings):
    only = settings.model_copy(update={"meilisearch_key": SecretStr("writes")})

    assert with_search_key(only).meilisearch_key == SecretStr("writes")
