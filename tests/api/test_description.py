"""The description of the API (OpenAPI): complete, so that nobody has to guess what a field means."""

import json
import re

import pytest
from fastapi.testclient import TestClient

from api.app import create_app
from api.errors import PROBLEM
from config.settings import Settings
from tests.api.conftest import NOON


@pytest.fixture(scope="module")
def described(filled):
    with TestClient(create_app(Settings(home=filled.home), lambda: NOON)) as client:
        return client.get("/api/v1/openapi.json").json()


def test_every_field_says_what_it_means(described):
    silent = [
        f"{schema}.{name}"
        for schema, body in described["components"]["schemas"].items()
        for name, field in body.get("properties", {}).items()
        if not field.get("description")
    ]
    assert silent == []


def test_every_operation_and_parameter_says_what_it_means(described):
    operations = [
        (path, method, operation)
        for path, methods in described["paths"].items()
        for method, operation in methods.items()
    ]
    silent = [f"{method} {path}" for path, method, op in operations if not op.get("description")]
    silent += [
        f"{method} {path}: {parameter['name']}"
        for path, method, op in operations
        for parameter in op.get("parameters", [])
        if not parameter.get("description")
    ]
    assert silent == []


def test_every_operation_says_that_errors_are_problem_documents(described):
    for methods in described["paths"].values():
        for operation in methods.values():
            content = operation["responses"]["default"]["content"]
            assert content == {PROBLEM: {"schema": {"$ref": "#/components/schemas/Problem"}}}
            assert "422" not in operation["responses"]


def test_writing_says_that_it_needs_a_key(described):
    assert described["paths"]["/flags"]["post"]["security"]
    assert "security" not in described["paths"]["/ads"]["get"]


def list_operations(described):
    return [one for methods in described["paths"].values() for one in methods.values()]


def test_operations_are_called_as_a_client_would_call_them(described):
    names = [one["operationId"] for one in list_operations(described)]
    assert {"list_ads", "read_ad", "search_ads", "list_ad_versions", "create_flag"} <= set(names)
    assert len(names) == len(set(names))
    assert [name for name in names if not re.fullmatch(r"[a-z]+(_[a-z]+)+", name)] == []


def test_every_tag_is_declared_and_described_and_none_is_without_a_use(described):
    declared = {tag["name"]: tag["description"] for tag in described["tags"]}
    used = [one["tags"] for one in list_operations(described)]
    assert all(len(tags) == 1 for tags in used)
    assert {name for tags in used for name in tags} == declared.keys()
    assert all(declared.values())


def test_it_says_whom_to_write_to_and_where_it_is(described):
    assert described["info"]["contact"].keys() >= {"name", "url"}
    assert described["info"]["description"]
    assert [server["url"] for server in described["servers"]] == ["/api/v1"]


def test_every_schema_is_used_and_is_there(described):
    text = json.dumps(described)
    used = set(re.findall(r'"#/components/schemas/([^"]+)"', text))
    assert used == described["components"]["schemas"].keys()


def test_paths_name_their_parameters_and_end_without_a_slash(described):
    for path, methods in described["paths"].items():
        assert not path.endswith("/")
        for operation in methods.values():
            named = {p["name"] for p in operation.get("parameters", []) if p["in"] == "path"}
            assert named == set(re.findall(r"{(\w+)}", path)), path
            assert any(status.startswith("2") for status in operation["responses"])
