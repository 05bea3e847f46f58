"""What is withheld, and what nobody has looked at, stands in no byte that a stranger can have.

One ad says a word of its own in each field. Before the decisions every word is found somewhere; after them
none is, whatever is asked, at any moment: pages, API, feeds, downloads, mirror, both search engines.
"""

import io
import re
from datetime import timedelta

import pyarrow.parquet as pq
import pytest
from fastapi.testclient import TestClient
from sqlmodel import col, select
from typer.testing import CliRunner

from api.app import create_app
from api.pages import ROUTERS
from archive.exports.downloads.tables import What
from archive.exports.mirror import find_folder
from archive.models import Ad, AdVersion, Decision, MediaFile
from archive.privacy.redactions import redact_field
from archive.records import Allowance, Material, Terms
from archive.records.identity import advertiser_id
from archive.store.database import open_engine, read, write
from archive.store.setup import write_sources
from paidforby import app as commands
from search.engines import open_search
from tests.api.conftest import NOON, SOURCE
from tests.api.secret_ad import (
    IN_PICTURE,
    LATER,
    RULE,
    SEARCHED,
    THEN,
    UNKNOWN,
    WORDS,
    decide,
    follow,
    keep_picture,
    make_secret_ad,
)


@pytest.fixture
def with_engine(request):
    return getattr(request, "param", "embedded")


@pytest.fixture
def settings(request, settings, with_engine):
    """The archive with an engine; with Meilisearch, the embedded copy of before is still there."""
    if with_engine == "embedded":
        return settings
    server = request.getfixturevalue("meilisearch_server")
    name = f"withheld_{id(settings)}"
    given = {"meilisearch_url": server.url, "meilisearch_key": server.key}
    return type(settings)(home=settings.home, meilisearch_index=name, **given)


@pytest.fixture
def secret(settings, take_in, tmp_path):
    """An engine over an archive with the ad in two versions, its picture, a signal and a decision on it."""
    rules = settings.home / "config" / "rules" / "any"
    rules.mkdir(parents=True)
    (rules / "names-its-payer.yaml").write_text(RULE)
    engine = open_engine(settings)
    terms = {Material.MEDIA: Terms(allows=Allowance.PUBLISH, because="section 4")}
    shown = {"republish": terms, "shown_fields": ["Note", "Reach.users"], "licence": "open"}
    with write(engine) as session:
        write_sources(session, [type(SOURCE).model_validate(SOURCE.model_dump() | shown)])
    take_in([make_secret_ad(languages=["el"])])
    take_in([make_secret_ad()], NOON + timedelta(minutes=30))
    with write(engine) as session:
        keep_picture(session, settings, tmp_path)
        decide(session, settings)
    follow(engine, settings)
    yield engine
    engine.dispose()


def read_answers(client):
    """Everything a stranger is answered, by address."""
    answers = {path: client.get(path) for path in list_paths(client)}
    # What knows no earlier time refuses to be asked for one.
    assert {answer.status_code for answer in answers.values()} == {200, 400, 401, 404}
    return {
        path: read_parquet(io.BytesIO(answer.content)) if ".parquet" in path else answer.text
        for path, answer in answers.items()
    }


def read_copies(settings, engine):
    """What the mirror, the search engines and the texts kept to find copies hold, by where it is."""
    files = find_folder(settings).glob("*/*.parquet")
    copies = {f"mirror {file.name}": read_parquet(file) for file in files}
    with engine.connect() as connection:
        for table in ("name", "name_spelling", "name_word", "shown_text"):
            copies[table] = str(connection.exec_driver_sql(f"SELECT * FROM {table}").all())
        for name in ("text_content", "ad", "listed", "term"):
            for table in connection.exec_driver_sql(
                f"SELECT name FROM sqlite_master WHERE name GLOB 'search_[0-9]*_{name}'"
            ).scalars():
                copies[table] = str(connection.exec_driver_sql(f"SELECT * FROM {table}").all())
    if settings.meilisearch_url:
        index = open_search(settings, engine)._server._client().index(settings.meilisearch_index)
        found = index.get_documents({"limit": 100}).results
        copies["meilisearch"] = str([vars(document) for document in found])
    return copies


def read_parquet(file):
    return str(pq.read_table(file).to_pydict())


def walk_routes(client):
    """The paths of all routes that answer GET: the API's, then the pages'."""
    described = client.get("/api/v1/openapi.json").json()["paths"]
    yield from (f"/api/v1{path}" for path, methods in described.items() if "get" in methods)
    for router in ROUTERS:
        yield from (re.sub(r":\w+}", "}", route.path) for route in router.routes)


def list_paths(client):
    """Every address that answers GET, filled with what leads to the ad; now and at an earlier moment."""
    decision = client.get("/api/v1/decisions").json()["items"][0]["reference"]
    listed = advertiser_id("example", None, "qadvertiserq")
    payers = client.get("/api/v1/names?kind=payer").json()["items"]
    known = {
        "source": "example",
        "ref": "secret",
        "advertiser_id": listed,
        "reference": decision,
        "rule_id": "names-its-payer",
        "kind": "payer",
        "key": next((name["key"] for name in payers if name["key"] == "qpayerq"), "nobody"),
        "name": "site.css",
        "capture_id": "1",
        "run_id": "1",
        "sha256": "0" * 64,
        "subject": "example:secret",
        "receipt": "none",
        "list_id": "none",
        "source_id": "example",
    }
    for path in walk_routes(client):
        for what in What if "{what}" in path else [""]:
            for form in ("csv", "jsonl", "parquet") if "{form}" in path else [""]:
                filled = path.format_map(Filling(known, what=str(what), form=form))
                yield filled
                yield f"{filled}?as_of={THEN.replace('+00:00', 'Z')}"


class Filling(dict):
    def __init__(self, known, **more):
        super().__init__(known | more)

    def __missing__(self, key):
        raise AssertionError(f"a route takes {key}, which this test does not know")


def find(words, read_by):
    return {word: [at for at, text in read_by.items() if word in text] for word in words}


def list_found(words, *read_by):
    """Which of the words are found, each with where."""
    found = {word: at for by in read_by for word, at in find(words, by).items() if at}
    return {word: found[word] for word in words if word in found}


@pytest.mark.parametrize("with_engine", ["embedded"], indirect=True)
def test_no_word_and_no_hash_of_what_is_not_shown_is_in_any_public_byte(
    settings, secret, clock, monkeypatch
):
    clock.at = LATER + timedelta(minutes=1)
    words = [*WORDS.values(), IN_PICTURE]
    with read(secret) as session:
        hashes = session.exec(
            select(AdVersion.content_sha256).where(col(AdVersion.withheld).is_not(None))
        ).all()
        picture = session.exec(select(MediaFile.sha256)).one()
    with TestClient(create_app(settings, clock), raise_server_exceptions=False) as client:
        before = read_answers(client), read_copies(settings, secret)
        assert [*list_found(words, *before)] == words
        assert find(["qpayerq"], before[0])["qpayerq"] != []
        assert any("decisions" in at for at in find(["qpayerq"], before[0])["qpayerq"])
        assert list_found(UNKNOWN, *before) == {}
        assert (len(hashes), list_found(hashes, *before)) == (2, {})
        ad = client.get("/api/v1/ads/example/secret").json()
        assert (ad["content_sha256"], ad["missing"]["content_sha256"]) == (None, "redacted")
        assert client.get(f"/media/{picture}").status_code == 200

        withhold_all(settings, secret, monkeypatch)
        after = read_answers(client), read_copies(settings, secret)
        assert list_found([*words, *UNKNOWN, *hashes], *after) == {}
        said = client.get("/api/v1/ads/example/secret").json()["redactions"]
        assert [row["field"] for row in said] == [*WORDS]
        assert client.get("/api/v1/search", params={"q": "qpayerq"}).json()["total"] == 0
        assert client.get(f"/media/{picture}").status_code == 404


@pytest.mark.parametrize("with_engine", ["meilisearch"], indirect=True)
def test_one_command_empties_every_copy_also_the_engine_that_is_not_asked(
    settings, secret, monkeypatch
):
    words = [word for field, word in WORDS.items() if field in SEARCHED]
    before = read_copies(settings, secret)
    assert {word: len(at) for word, at in find(words, before).items() if len(at) < 3} == {}

    withhold_all(settings, secret, monkeypatch)
    assert list_found(words, read_copies(settings, secret)) == {}


def test_a_copy_that_cannot_be_reached_is_named_and_the_command_exits_with_3(
    settings, secret, monkeypatch
):
    monkeypatch.setenv("PAIDFORBY_HOME", str(settings.home))
    monkeypatch.setenv("PAIDFORBY_MEILISEARCH_URL", "http://127.0.0.1:9")
    asked = ["redactions", "add", "example:secret", "url", "--basis", "a court", "--by", "Jo"]
    result = CliRunner().invoke(commands, asked)

    assert result.exit_code == 3
    assert "the search copy (meilisearch) still has it" in result.stderr
    assert list_found(["qaddressq"], read_copies(settings, secret)) == {}


def test_a_decision_that_names_what_is_withheld_is_named(settings, secret, monkeypatch):
    with write(secret) as session:
        session.exec(select(Decision)).one().reasons = "QPayerQ paid for it."
    monkeypatch.setenv("PAIDFORBY_HOME", str(settings.home))
    asked = ["redactions", "add", "example:secret", "payer_name", "--basis", "a", "--by", "Jo"]
    result = CliRunner().invoke(commands, asked)

    assert result.exit_code == 3
    assert "decision D-2026-00001 says it in its own words" in result.stderr


def withhold_all(settings, engine, monkeypatch):
    """All fields but the last by decisions, the last by the command, which lets every copy follow."""
    *most, last = WORDS
    with write(engine) as session:
        ad = session.exec(select(Ad).where(Ad.ref == "secret")).one()
        for field in most:
            redact_field(session, ad, field, "a court's order", "Jo Clerk", LATER)
    for name in ("home", "meilisearch_url", "meilisearch_index"):
        value = getattr(settings, name)
        monkeypatch.setenv(f"PAIDFORBY_{name.upper()}", str(value or ""))
    if settings.meilisearch_key:
        key = settings.meilisearch_key.get_secret_value()
        monkeypatch.setenv("PAIDFORBY_MEILISEARCH_KEY", key)
    asked = [
        "redactions",
        "add",
        "example:secret",
        last,
        "--basis",
        "a court's order",
        "--by",
        "Jo",
    ]
    result = CliRunner().invoke(commands, asked)
    assert result.exit_code == 0, result.stderr
