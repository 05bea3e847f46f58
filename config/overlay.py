"""Finds shipped reference files and the operator's own, which lie over them by relative path.

Readers of rules, elections, parameters and schedules call it; it never parses a file.
"""

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
    """The files below `config/<folder>` and `<home>/config/<folder>`, ordered by relative path."""
    shipped = _find_files(SHIPPED_DIR / folder, suffix)
    own = _find_files(settings.home / "config" / folder, suffix)
    return [
        _choose_file(relative, shipped, own) for relative in sorted(shipped.keys() | own.keys())
    ]


def _find_files(root: Path, suffix: str) -> dict[str, Path]:
    return {p.relative_to(root).as_posix(): p for p in root.rglob(f"*{suffix}") if p.is_file()}


def _choose_file(relative: str, shipped: dict[str, Path], own: dict[str, Path]) -> ConfigFile:
    if relative not in own:
        return ConfigFile(relative, shipped[relative], Origin.SHIPPED)
    origin = Origin.CHANGED if relative in shipped else Origin.LOCAL
    return ConfigFile(relative, own[relative], origin)
