"""The site answers under its own names only, and repeats little of what it is asked."""

import re
from datetime import date

import pytest
from fastapi.testclient import TestClient

from api.app import create_app
from api.errors import PROBLEM
from api.pages import ROUTERS
from archive.errors import LONGEST_ECHO
from config.settings import Settings
from tests.api.conftest import DECISION, Clock
from tests.public_answers import list_paths

PUBLIC = "https://ads.example:8443"
LONG = "Zq" * 3_000
ADDRESSES = re.compile(
    r"""(?:href|value|action)="[^"]*"|<span class="id">[^<]*</span>|"(?:next|path|url)":\s*"[^"]*\""""
)
"""What has to hold a question whole: links, and fields of forms."""
READ_BY_HAND = {
    "/search": ("q", "payer", "country", "sort", "page", "as_of", "from", "include"),
    "/spend": ("by", "source", "payer", "advertiser_id", "currency", "convert_to", "from"),
}
"""Query fields that pages read for themselves."""


def list_fields(client: TestClient) -> dict[str, list[str]]:
    """What each address takes in its query."""
    described = client.get("/api/v1/openapi.json").json()["paths"]
    fields = {
        f"/api/v1{path}": [
            one["name"] for one in methods["get"]["parameters"] if one["in"] == "query"
        ]
        for path, methods in described.items()
        if "parameters" in methods.get("get", {})
    }
    for route in (route for router in ROUTERS for route in router.routes):
        fields[route.path] = [one.alias for one in route.dependant.query_params]
    return fields | {path: list(names) for path, names in READ_BY_HAND.items()}


@pytest.fixture
def site(settings: Settings, clock: Clock) -> TestClient:
    named = settings.model_copy(update={"public_url": PUBLIC, "allowed_hosts": ["Inner.example"]})
    return TestClient(create_app(named, clock), raise_server_exceptions=False)


@pytest.mark.parametrize(
    "host",
    [
        "ads.example",
        "ads.example:8443",
        "ADS.example.",
        "inner.example",
        "localhost:9",
        "127.0.0.1",
        "[::1]:80",
    ],
)
def test_the_site_answers_under_each_of_its_names(site: TestClient, host: str) -> None:
    assert site.get("/about", headers={"host": host}).status_code == 200


@pytest.mark.parametrize(
    "host",
    [
        "evil.example",
        "ads.example.evil.example",
        "",
        "ads.example@evil.example",
        "ads.example/x",
        "[::1",
        "testserver",
    ],
)
@pytest.mark.parametrize("path", ["/search/", "/", "/api/v1/ads", "/metrics"])
def test_under_a_strangers_name_nothing_is_answered(site: TestClient, host: str, path: str) -> None:
    answer = site.get(path, headers={"host": host}, follow_redirects=False)
    assert (answer.status_code, answer.headers["content-type"]) == (400, PROBLEM)
    assert "PAIDFORBY_ALLOWED_HOSTS" in answer.json()["detail"]
    assert "evil" not in answer.text + str(answer.headers)


@pytest.mark.parametrize(
    ("path", "to"),
    [
        ("/search/?q=a", "/search?q=a"),
        ("/held", "/quarantined"),
        ("/api/v1/ads/", None),
        ("//evil.example/search/", None),
    ],
)
def test_a_redirect_names_no_host(client: TestClient, path: str, to: str | None) -> None:
    answer = client.get(f"http://testserver{path}", follow_redirects=False)
    assert answer.headers.get("location", "/").startswith("/")
    assert not answer.headers.get("location", "/").startswith("//")
    assert to is None or answer.headers["location"] == to


@pytest.mark.parametrize(
    "path", ["/%0a", "/a%0ab", "/nothing", "/api/v1/%0a", "/api/v1/nothing", "/api/v1", "/%0a/api"]
)
@pytest.mark.parametrize("accept", ["text/html", "application/json"])
def test_an_unknown_path_is_a_page_or_a_problem_document(
    client: TestClient, path: str, accept: str
) -> None:
    answer = client.get(path, headers={"accept": accept})
    assert answer.status_code == 404
    if accept == "application/json" or path.startswith("/api/v1/"):
        assert answer.headers["content-type"] == PROBLEM
        assert answer.json()["status"] == 404
    else:
        assert "<h1>This is not here</h1>" in answer.text


def test_a_method_that_is_not_allowed_has_its_problem_document_too(client: TestClient) -> None:
    answer = client.delete("/%0a", headers={"accept": "application/json"})
    assert answer.headers["content-type"] == PROBLEM


def test_no_answer_repeats_more_than_a_little_of_the_question(client: TestClient) -> None:
    asked = list_paths(client)
    assert len(asked) > 60
    told = [*(re.sub(r"\{[^}]*\}", LONG, path) for path in asked if "{" in path), f"/{LONG}"]
    told += [
        f"{path}?{name}={LONG}"
        for path, names in list_fields(client).items()
        if "{" not in path
        for name in names
    ]
    told += [f"{path}?payer={LONG}&q={LONG[:900]}" for path in ("/api/v1/search", "/search")]
    loud = []
    for path in told:
        text = ADDRESSES.sub("", client.get(path).text)
        if re.search(f"(?:Zq){{{LONGEST_ECHO // 2 + 1}}}", text):
            loud.append((path[:60], text[:300]))
    assert loud == []


def test_what_is_said_to_one_person_is_kept_by_no_cache(
    client: TestClient, keys: dict[str, str], raise_flag
) -> None:
    key = {"Authorization": f"Bearer {keys['analyst']}"}
    sent = client.post("/api/v1/notices", json={"ad_address": "x", "concern": "y"})
    receipt = sent.json()["receipt"]
    personal = [
        sent,
        client.get(f"/api/v1/notices/{receipt}"),
        client.get(f"/report/{receipt}"),
        client.get("/report/nothing"),
        client.get("/api/v1/flags", headers=key),
        client.get("/api/v1/ads", headers=key),
        client.get("/api/v1/flags", headers={"Authorization": "Bearer pfb_wrong"}),
        client.post("/report", data={"ad_address": "x", "concern": "y"}, follow_redirects=False),
        raise_flag(),
    ]
    assert {answer.headers.get_list("cache-control")[0] for answer in personal} == {"no-store"}
    assert {len(answer.headers.get_list("cache-control")) for answer in personal} == {1}
    assert client.get("/api/v1/ads").headers["cache-control"] == "no-cache"
    assert not any("etag" in answer.headers for answer in personal)
    assert "immutable" in client.get("/static/site.css").headers["cache-control"]


def test_a_flag_in_secret_moves_nothing_that_strangers_read(
    client: TestClient, clock: Clock, raise_flag, ask, keys
) -> None:
    def read_all() -> dict[str, str]:
        paths = [path for path in list_paths(client) if "{" not in path and "metrics" not in path]
        return {path: client.get(path).text for path in paths}

    before = read_all()
    clock.at = clock.at.replace(minute=4)
    raised = raise_flag()
    assert raised.status_code == 201
    clock.at = clock.at.replace(minute=0)
    assert read_all() == before
    decided = ask("POST", f"/flags/{raised.json()['reference']}/decision", "reviewer", DECISION)
    assert decided.status_code == 201
    assert read_all()["/api/v1/health"] != before["/api/v1/health"]


@pytest.mark.parametrize(
    ("contact", "expires_on", "status"),
    [
        ("mailto:desk@ads.example", date(2027, 3, 1), 200),
        ("mailto:desk@ads.example", date(2026, 3, 1), 404),
        ("mailto:desk@ads.example", None, 404),
        ("", date(2027, 3, 1), 404),
    ],
)
def test_security_txt_is_there_as_long_as_the_operators_word_holds(
    settings: Settings, clock: Clock, contact: str, expires_on: date | None, status: int
) -> None:
    update = {"public_url": PUBLIC, "security_contact": contact, "security_expires_on": expires_on}
    site = TestClient(create_app(settings.model_copy(update=update), clock))
    answer = site.get("/.well-known/security.txt")
    assert answer.status_code == status
    if status == 200:
        assert answer.headers["content-type"] == "text/plain; charset=utf-8"
        assert answer.text.splitlines()[:3] == [
            "Contact: mailto:desk@ads.example",
            "Expires: 2027-03-01T00:00:00Z",
            f"Canonical: {PUBLIC}/.well-known/security.txt",
        ]
