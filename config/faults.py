"""What is wrong with a field of a file, in words that say what to write.

`yaml_files` asks for each fault that pydantic finds.
"""

from collections.abc import Iterable, Mapping, Sequence
from difflib import get_close_matches
from typing import Any, get_args

from pydantic import BaseModel

FIELDS = "fields with their values belong here, such as {name: value}"
WORDS = {
    "tuple_type": "a list belongs here: write [a, b], or each on a line of its own after “- ”",
    "list_type": "a list belongs here: write [a, b], or each on a line of its own after “- ”",
    "string_type": "a text belongs here, and one alone: put it in quotes",
    "int_type": "a whole number belongs here, without quotes",
    "bool_type": "write true or false, without quotes",
    "bool_parsing": "write yes or no",
    "dict_type": FIELDS,
    "model_type": FIELDS,
    "model_attributes_type": FIELDS,
    "date_type": "is no day: write year, month and day, such as 2026-11-08",
    "date_parsing": "is no day: write year, month and day, such as 2026-11-08",
    "date_from_datetime_parsing": "is no day: write year, month and day, such as 2026-11-08",
    "too_short": "is empty or too short a list: write what is missing",
    "string_too_short": "is empty: write it, or leave out the field",
}
COLON = "a text with a colon in it stands in quotes"


def tell_fault(fault: Mapping[str, Any], model: type[BaseModel]) -> str:
    """One fault of pydantic's in plain words; as pydantic says it, where it says what to write."""
    kind, place = fault["type"], fault["loc"]
    within = _find_model(model, place[:-1])
    fields = within.model_fields.items()
    about = next((f.description for n, f in fields if place and place[-1] in (n, f.alias)), None)
    if kind == "missing":
        return f"Field required: write {place[-1]}:{f' ({about})' if about else ''}"
    if kind == "extra_forbidden":
        return f"there is no such field{_name_field(place[-1], within)}"
    if kind in {"enum", "literal_error"}:
        return f"write {fault['ctx']['expected'].replace(chr(39), '')}"
    if kind == "string_pattern_mismatch":
        return f"is not of its form ({about or fault['ctx']['pattern']})"
    said: str = fault["msg"]
    told = WORDS.get(kind, said.removeprefix("Value error, "))
    if kind in {"model_type", "model_attributes_type"}:
        told += f"; there are {', '.join(_list_written(_find_model(model, place)))}"
    return COLON if kind == "string_type" and isinstance(fault.get("input"), dict) else told


def _name_field(name: object, model: type[BaseModel]) -> str:
    if not isinstance(name, str):
        return ""
    if " " in name:
        return f": {COLON}"
    fields = _list_written(model)
    return name_nearest(name, fields) or f": there are {', '.join(fields)}"


def _list_written(model: type[BaseModel]) -> list[str]:
    """The fields of a file: those that we set ourselves are none."""
    return [f.alias or n for n, f in model.model_fields.items() if not f.exclude]


def name_nearest(name: str, names: Iterable[str]) -> str:
    """Which of the names there are is nearest, in words; empty: none is near."""
    near = get_close_matches(name, list(names), 1)
    return f"; the nearest is {near[0]}" if near else ""


def ask_nearest(name: str, names: Iterable[str]) -> str:
    """What to say to whoever typed a name that is none of these: the nearest, and all there are."""
    known = list(names)
    near = get_close_matches(name, known, 1)
    asked = f"; did you mean {near[0]}? There are: " if near else "; there are: "
    return asked + ", ".join(known)


def _find_model(model: type[BaseModel], place: Sequence[str | int]) -> type[BaseModel]:
    """The model whose fields stand at a place."""
    for step in place:
        fields = {f.alias or n: f.annotation for n, f in model.model_fields.items()}
        if step in fields:
            model = next(iter(_list_models(fields[step])), model)
    return model


def _list_models(kind: Any) -> list[type[BaseModel]]:  # noqa: ANN401 (whatever a field is annotated with)
    if isinstance(kind, type) and issubclass(kind, BaseModel):
        return [kind]
    return [found for inner in get_args(kind) for found in _list_models(inner)]
