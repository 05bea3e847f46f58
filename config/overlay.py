"""Finds shipped reference files and the operator's own, which lie over them by relative path.

Readers of rules, elections, parameters and schedules call it; it never parses a file.
"""

import os
from dataclasses import dataclass
from enum import StrEnum
from pathlib import Path

from config.settings import Settings

SHIPPED_DIR = Path(__file__).parent


class Origin(StrEnum):
    """Where a reference file comes from."""

    SHIPPED = "shipped"
    CHANGED = "changed"
    LOCAL = "local"


@dataclass(frozen=True)
class ConfigFile:
    """One reference file, after the operator's copy has replaced the shipped one."""

    relative: str
    path: Path
    origin: Origin


def list_config_files(settings: Settings, folder: str, suffix: str) -> list[ConfigFile]:
    """The files below `config/<folder>` and `<home>/config/<folder>`, ordered by relative path.

    What has a file's name and is none, and a folder that cannot be looked into, stand among them: reading
    them says what is wrong.
    """
    shipped = _find_files(SHIPPED_DIR / folder, suffix)
    own = _find_files(settings.home / "config" / folder, suffix)
    return [
        _choose_file(relative, shipped, own) for relative in sorted(shipped.keys() | own.keys())
    ]


def _find_files(root: Path, suffix: str) -> dict[str, Path]:
    shut: list[OSError] = []
    inside = [
        Path(at, n)
        for at, folders, names in os.walk(root, onerror=shut.append)
        for n in (*folders, *names)
        if n.endswith(suffix)
    ]
    closed = [Path(e.filename) for e in shut if not isinstance(e, FileNotFoundError)]
    return {path.relative_to(root).as_posix(): path for path in (*inside, *closed)}


def _choose_file(relative: str, shipped: dict[str, Path], own: dict[str, Path]) -> ConfigFile:
    if relative not in own:
        return ConfigFile(relative, shipped[relative], Origin.SHIPPED)
    origin = Origin.CHANGED if relative in shipped else Origin.LOCAL
    return ConfigFile(relative, own[relative], origin)
