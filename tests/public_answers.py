"""Everything that a stranger may read of an archive: each GET route of the API and of the site."""

import re
from collections.abc import Iterator
from urllib.parse import quote

from fastapi import FastAPI
from fastapi.testclient import TestClient

from api.pages import ROUTERS

FORMS = ("", "?format=csv")


def read_everything(app: FastAPI, **names: str) -> Iterator[tuple[str, str]]:
    """Path and whole answer, headers too, of every route; `names` fills the parts of paths, by name."""
    with TestClient(app, raise_server_exceptions=False) as client:
        for path in list_paths(client):
            filled = fill_path(path, names)
            for form in FORMS if "{" not in path else FORMS[:1]:
                answer = client.get(filled + form, follow_redirects=False)
                yield filled + form, f"{answer.headers}\n{answer.text}"


def list_paths(client: TestClient) -> list[str]:
    """The paths of all GET routes, of the API and of the site."""
    api = client.get("/api/v1/openapi.json").json()["paths"]
    site = [route for router in ROUTERS for route in router.routes if "GET" in route.methods]
    return [
        *(f"/api/v1{path}" for path, methods in api.items() if "get" in methods),
        *(route.path for route in site),
        "/metrics",
    ]


def fill_path(path: str, names: dict[str, str]) -> str:
    """A path with its parts, `{name}` or `{name:path}`, filled in; what has no name is `1`."""
    return re.sub(r"\{(\w+)(?::\w+)?\}", lambda part: quote(names.get(part[1], "1"), safe=""), path)
