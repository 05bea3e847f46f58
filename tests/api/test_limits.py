"""Who is counted: people by their key, everybody else by address, of IPv6 by the network one has whole."""

import pytest
from fastapi.testclient import TestClient
from starlette.requests import Request

from api.limits import READS_A_MINUTE, WRITES_A_MINUTE, name_address


@pytest.mark.parametrize(
    ("host", "counted"),
    [
        ("192.0.2.7", "192.0.2.7"),
        ("2001:db8:1:2::9", "2001:db8:1:2::/64"),
        ("2001:db8:1:2:ffff::1", "2001:db8:1:2::/64"),
        ("::ffff:192.0.2.7", "192.0.2.7"),
        ("testclient", "testclient"),
    ],
)
def test_an_address_is_counted_as_whoever_has_it(host, counted):
    assert name_address(Request({"type": "http", "client": (host, 1), "headers": []})) == counted


def test_one_who_writes_too_often_silences_nobody_who_has_a_key(client, keys):
    for _ in range(WRITES_A_MINUTE + 1):
        refused = client.post("/api/v1/notices", json={})
    assert refused.status_code == 429

    key = {"Authorization": f"Bearer {keys['analyst']}"}
    assert client.post("/api/v1/flags", json={}, headers=key).status_code == 422
    assert client.post("/api/v1/notices", json={}).status_code == 429


def test_keys_that_nobody_has_count_for_the_address_that_tries_them(client, keys):
    def try_key(key):
        return client.post(
            "/api/v1/flags", json={}, headers={"Authorization": f"Bearer {key}"}
        ).status_code

    tried = [try_key(f"pfb_invented_{number}") for number in range(WRITES_A_MINUTE + 1)]
    assert tried == [401] * WRITES_A_MINUTE + [429]
    assert try_key(keys["analyst"]) == 429


def test_what_a_stranger_says_of_its_address_is_not_believed(client):
    for number in range(WRITES_A_MINUTE + 1):
        forged = {
            "X-Forwarded-For": f"198.51.100.{number}",
            "Forwarded": f"for=198.51.100.{number}",
        }
        answer = client.post("/api/v1/notices", json={}, headers=forged)
    assert answer.status_code == 429


def test_two_addresses_are_counted_apart(client):
    other = TestClient(client.app, client=("192.0.2.9", 1))
    for _ in range(WRITES_A_MINUTE + 1):
        client.post("/api/v1/notices", json={})
    assert other.post("/api/v1/notices", json={}).status_code == 422


def test_whoever_asks_too_often_is_told_how_many_may_be_asked_and_when_again(client):
    first = client.get("/api/v1/health/live").headers
    assert int(first["ratelimit-limit"]) >= 60
    assert int(first["ratelimit-remaining"]) == int(first["ratelimit-limit"]) - 1
    for _ in range(READS_A_MINUTE):
        refused = client.head("/api/v1/health/live")
    assert refused.status_code == 429
    assert refused.headers["ratelimit-remaining"] == "0"
    assert 0 < int(refused.headers["retry-after"]) <= 60
    assert refused.headers["access-control-allow-origin"] == "*"
