"""What each setting is called, which form its value takes, and what a wrong one should have been.

`paidforby settings` and the front door ask; everything is read off the classes of settings.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date
from enum import StrEnum
from pathlib import Path
from types import NoneType
from typing import Any, get_args, get_origin

from annotated_types import Ge, Gt, Le
from pydantic import SecretStr, ValidationError
from pydantic.fields import FieldInfo

from config.settings import Settings, SourceSettings

KINDS: dict[type, str] = {
    bool: "`true` or `false`",
    int: "a whole number",
    float: "a number",
    date: "a day, such as 2026-11-08",
    Path: "a path",
    SecretStr: "a secret",
    str: "text",
}
LIST = 'a list: `one,two`, or `["one", "two"]`'
BOUNDS = {Ge: ("ge", "at least"), Gt: ("gt", "above"), Le: ("le", "at most")}


@dataclass(frozen=True)
class SettingForm:
    """One setting as people read of it."""

    variable: str
    form: str
    default: str
    """As one would write it; empty: none."""
    description: str


def list_kinds() -> list[type[Settings | SourceSettings]]:
    """The classes of settings: the archive's own, and those of the sources that are loaded."""
    of_sources = sorted(SourceSettings.__subclasses__(), key=lambda kind: kind.__name__)
    return [Settings, *of_sources]


def list_forms(kind: type[Settings | SourceSettings]) -> list[SettingForm]:
    """Each setting of a class, in its order."""
    return [
        SettingForm(name_variable(kind, name), tell_form(field), _tell_default(field), _tell(field))
        for name, field in kind.model_fields.items()
        if not field.exclude
    ]


def name_variable(kind: type[Settings | SourceSettings], name: str) -> str:
    """The variable of the environment that a setting is read from."""
    return f"{kind.model_config.get('env_prefix', '')}{name}".upper()


def tell_form(field: FieldInfo) -> str:
    """Which values a setting takes, in words."""
    kind = _find_kind(field)
    if get_origin(kind) is list:
        return LIST
    if issubclass(kind, StrEnum):
        return f"one of {', '.join(f'`{each}`' for each in kind)}"
    return ", ".join([KINDS[kind], *_tell_bounds(field)])


def tell_wrong(error: ValidationError) -> Iterator[str]:
    """A line for each setting that cannot be read: its variable, the form wanted, what it is for.

    The value is not repeated: it may be a secret.

    Raises:
        ValidationError: the error itself, where it is of no settings.
    """
    kind = next((each for each in list_kinds() if each.__name__ == error.title), None)
    if kind is None:
        raise error
    for name in dict.fromkeys(str(wrong["loc"][0]) for wrong in error.errors()):
        field = kind.model_fields[name]
        wanted = "unset it" if field.exclude else f"write {tell_form(field)} ({_tell(field)})"
        yield f"{name_variable(kind, name)}: {wanted}"


def _find_kind(field: FieldInfo) -> Any:  # noqa: ANN401 (a class, or a list of one)
    """What a value is, whether or not there must be one."""
    kinds = [each for each in get_args(field.annotation) if each is not NoneType]
    is_list = get_origin(field.annotation) is list
    return field.annotation if is_list or not kinds else kinds[0]


def _tell_bounds(field: FieldInfo) -> Iterator[str]:
    for rule in field.metadata:
        for kind, (name, words) in BOUNDS.items():
            if isinstance(rule, kind):
                yield f"{words} {getattr(rule, name):,}"


def _tell_default(field: FieldInfo) -> str:
    default = field.default
    return (
        ",".join(default) if isinstance(default, list) else "" if default is None else f"{default}"
    )


def _tell(field: FieldInfo) -> str:
    return (field.description or "").removesuffix(".")
