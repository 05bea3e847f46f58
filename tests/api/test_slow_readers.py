"""Whoever takes an answer slowly holds nothing of the database meanwhile."""

import pytest
from fastapi.testclient import TestClient

ANSWERS = [
    "/api/v1/ads",
    "/api/v1/ads?format=csv",
    "/api/v1/ads/example/a1",
    "/api/v1/search?q=harbour",
    "/api/v1/spend",
    "/api/v1/sources",
    "/api/v1/coverage",
    "/api/v1/downloads/ads.csv",
    "/",
    "/spend",
    "/sources",
    "/ads/example/a1",
]


@pytest.mark.parametrize("path", ANSWERS)
def test_no_connection_is_held_while_an_answer_is_sent(client, path):
    held = []

    async def watched(scope, receive, send):
        async def send_slowly(message):
            # What a reader waits for, however long, is sent from here on.
            held.append((message["type"], client.app.state.rooms.engine.pool.checkedout()))
            await send(message)

        await client.app(scope, receive, send_slowly)

    answer = TestClient(watched).get(path, headers={"host": "testserver"})

    assert answer.status_code == 200, answer.text
    assert held[0] == ("http.response.start", 0)
    assert not any(count for _, count in held)
