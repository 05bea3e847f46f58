"""Who is counted: people by their key, everybody else by address, of IPv6 by the network one has whole."""

import pytest
from fastapi.testclient import TestClient
from starlette.requests import Request

from api.limits import WRITES_A_MINUTE, name_address


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
