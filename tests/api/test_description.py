"""The description of the API (OpenAPI): complete, so that nobody has to guess what a field means."""

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
