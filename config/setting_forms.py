"""What each setting is called, which form its value takes, and what a wrong one should have been.

`paidforby settings` and the front door ask; everything is read off the classes of settings.
"""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from datetime import date
from difflib import get_close_matches
from enum import StrEnum
from itertools import chain
from pathlib import Path
from types import NoneType
from typing import Any, get_args, get_origin

from annotated_types import Ge, Gt, Le
from pydantic import SecretStr, ValidationError
from pydantic.fields import FieldInfo
from pydantic_core import ErrorDetails

from config.escaping import escape_text
from config.settings import Settings, SourceSettings
from config.value_forms import ValueForm

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
PREFIX = "PAIDFORBY_"
LONGEST_ITEM = 40
"""Of a wrong item, so much is repeated."""
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
    kind, words = _find_kind(field), _find_words(field)
    if get_origin(kind) is list:
        return f"{LIST}; each {words}" if words else LIST
    if words:
        return words
    if issubclass(kind, StrEnum):
        return f"one of {', '.join(f'`{each}`' for each in kind)}"
    return ", ".join([KINDS[kind], *_tell_bounds(field)])


def tell_wrong(error: ValidationError) -> Iterator[str]:
    """A line for each setting that cannot be read: its variable, the form wanted, what it is for.

    The value is not repeated, since it may be a secret; of a list, items that are no addresses are.

    Raises:
        ValidationError: the error itself, where it is of no settings.
    """
    kind = next((each for each in list_kinds() if each.__name__ == error.title), None)
    if kind is None:
        raise error
    wrong = error.errors()
    for name in dict.fromkeys(str(each["loc"][0]) for each in wrong):
        field = kind.model_fields[name]
        items = [_name_item(each) for each in wrong if each["loc"][0] == name and each["loc"][1:]]
        form = _find_words(field) if items else tell_form(field)
        wanted = "unset it" if field.exclude else f"write {form} ({_tell(field)})"
        yield ": ".join([name_variable(kind, name), *([", ".join(items)] if items else []), wanted])


def _name_item(wrong: ErrorDetails) -> str:
    number, value = int(wrong["loc"][1]) + 1, str(wrong["input"])
    # An address may hold a key.
    said = "" if "://" in value else f" ({escape_text(value[:LONGEST_ITEM])})"
    return f"item {number}{said}"


def list_odd_variables(environ: Iterable[str]) -> dict[str, str]:
    """Variables that look like settings and are none, with the nearest that is; empty: none is near."""
    known = [
        form.variable.removeprefix(PREFIX) for kind in list_kinds() for form in list_forms(kind)
    ]
    named = [name for name in sorted(environ) if name.upper().startswith(PREFIX)]
    odd = {name: name.upper().removeprefix(PREFIX) for name in named}
    near = {name: get_close_matches(end, known, 1) for name, end in odd.items() if end not in known}
    return {name: f"{PREFIX}{found[0]}" if found else "" for name, found in near.items()}


def _find_kind(field: FieldInfo) -> Any:  # noqa: ANN401 (a class, or a list of one)
    """What a value is, whether or not there must be one."""
    kinds = [each for each in get_args(field.annotation) if each is not NoneType]
    is_list = get_origin(field.annotation) is list
    # A kind that has a form is wrapped in it.
    return field.annotation if is_list or not kinds else getattr(kinds[0], "__origin__", kinds[0])


def _find_words(field: FieldInfo) -> str:
    """What a text, or each item of a list, is to look like; empty: any will do."""
    within = [getattr(kind, "__metadata__", ()) for kind in get_args(field.annotation)]
    forms = [each for each in chain(field.metadata, *within) if isinstance(each, ValueForm)]
    return forms[0].words if forms else ""


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
