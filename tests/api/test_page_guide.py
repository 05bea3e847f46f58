"""The page for people who add pages: its example is a page that passes its own tests."""

import re
from pathlib import Path
from types import ModuleType
from typing import Any

import pytest
from fastapi.responses import HTMLResponse
from fastapi.testclient import TestClient
from jinja2 import ChoiceLoader, DictLoader

from api import pages
from api.app import create_app
from api.pages import ROUTERS
from api.pages.site import TEMPLATES
from config.settings import Settings
from tests.api.test_pages import EVERY

GUIDE = (Path(__file__).parents[2] / "docs" / "add-a-page.md").read_text("utf-8")


def run_block(number: int) -> dict[str, Any]:
    """What the names of one of the guide's blocks of Python stand for once it has run."""
    blocks = re.findall(r"```python\n(.*?)```", GUIDE, re.DOTALL)
    module = ModuleType(f"block_{number}")
    exec(blocks[number], module.__dict__)
    return vars(module)


@pytest.fixture
def client(settings: Settings, clock: object, monkeypatch: pytest.MonkeyPatch) -> TestClient:
    (template,) = re.findall(r"```html\n(.*?)```", GUIDE, re.DOTALL)
    added = DictLoader({"platforms.html": template})
    monkeypatch.setattr(TEMPLATES, "loader", ChoiceLoader([added, TEMPLATES.loader]))
    monkeypatch.setattr(pages, "ROUTERS", (*ROUTERS, run_block(0)["router"]))
    return TestClient(create_app(settings, clock), raise_server_exceptions=False)


@pytest.mark.parametrize("test", [name for name in run_block(1) if name.startswith("test_")])
def test_the_example_passes_its_own_test(client: TestClient, test: str) -> None:
    run_block(1)[test](client)


def test_the_example_has_what_every_page_has(client: TestClient) -> None:
    answer = client.get("/platforms")
    assert answer.status_code == 200
    for part in ("What this archive knew on", 'href="#earlier"', 'id="cite"', "format=csv"):
        assert part in answer.text
    assert "<script" not in answer.text


def test_every_page_is_named_among_those_whose_common_parts_are_tested() -> None:
    routes = [route for router in ROUTERS for route in router.routes]
    shown = [route for route in routes if route.endpoint.__annotations__["return"] is HTMLResponse]
    paths = [path.split("?")[0] for path in EVERY]
    assert [route.path for route in shown if not any(map(route.path_regex.match, paths))] == []
