"""A question that the database cannot answer in time ends with 503, and the site goes on."""

import pytest
from fastapi.testclient import TestClient

from api import app
from tests.archive.store.test_time_limits import ENDLESS


@pytest.mark.parametrize(("path", "sentence"), [("/api/v1/health", "detail"), ("/missing", "<h1")])
def test_a_reader_is_told_to_come_again(settings, clock, monkeypatch, path, sentence):
    monkeypatch.setattr(app, "SECONDS_A_STATEMENT", 0.2)
    with TestClient(app.create_app(settings, clock), raise_server_exceptions=False) as client:
        assert client.get(path).status_code == 200
        for place in ("api.routes.health.read_data_as_of", "api.pages.sources.what_is_missing"):
            monkeypatch.setattr(place, lambda session, *_, **__: session.execute(ENDLESS))

        answer = client.get(path)

        assert (answer.status_code, answer.headers["Retry-After"]) == (503, "5")
        assert sentence in answer.text
        assert "RECURSIVE" not in answer.text
        monkeypatch.undo()
        assert client.get(path).status_code == 200
