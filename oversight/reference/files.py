"""Reads a YAML reference file (rule, election, parameter) into its model, or says where it is wrong.

The loaders of this room call it. Plain YAML 1.2 words only: `NO` is a country and `07:00` a text, not
false and 420. A key given twice, an unknown key and an alias are errors.
"""

import re
from collections.abc import Hashable, Sequence
from typing import Any, TypeVar

import yaml
from pydantic import BaseModel, ConfigDict, ValidationError

from archive.errors import ArchiveError
from config.overlay import ConfigFile

MAX_BYTES = 256 * 1024

Model = TypeVar("Model", bound=BaseModel)


class ReferenceModel(BaseModel):
    """Base of what stands in reference files: frozen, and an unknown key is an error."""

    model_config = ConfigDict(extra="forbid", frozen=True)


class ReferenceFileError(ArchiveError):
    """A reference file that cannot be used: which file, which line (from 1), which field, why."""

    def __init__(self, file: str, line: int | None, field: str, why: str) -> None:
        place = f"{file}, line {line}" if line else file
        super().__init__(f"{place}: {field}: {why}" if field else f"{place}: {why}")
        self.file = file
        self.line = line
        self.field = field
        self.why = why


class ReferenceFile:
    """The bytes of a reference file, its values, and the line each value stands on.

    Raises:
        ReferenceFileError: if the file is too long or not plain YAML.
    """

    def __init__(self, file: ConfigFile) -> None:
        self.name = file.relative
        self.origin = file.origin
        self.data = file.path.read_bytes()
        if len(self.data) > MAX_BYTES:
            raise ReferenceFileError(self.name, None, "", f"longer than {MAX_BYTES} bytes")
        try:
            text = self.data.decode()
            _refuse_aliases(text)
            loader = _Loader(text)
            self._root = loader.get_single_node()
            self.values: Any = loader.construct_document(self._root) if self._root else None
        except UnicodeDecodeError as error:
            raise ReferenceFileError(self.name, None, "", f"not UTF-8: {error.reason}") from None
        except yaml.MarkedYAMLError as error:
            line = error.problem_mark.line + 1 if error.problem_mark else None
            raise ReferenceFileError(self.name, line, "", error.problem or "not YAML") from None

    def read_as(self, model: type[Model]) -> Model:
        """The values as a model.

        Raises:
            ReferenceFileError: for the first field that does not fit.
        """
        try:
            return model.model_validate(self.values)
        except ValidationError as error:
            first = error.errors()[0]
            raise self.make_error(first["loc"], first["msg"]) from None

    def make_error(self, path: Sequence[str | int], why: str) -> ReferenceFileError:
        """An error about the value at a path of keys and positions."""
        return ReferenceFileError(self.name, self.find_line(path), _write_path(path), why)

    def find_line(self, path: Sequence[str | int]) -> int | None:
        """Line of the value at a path, or of the closest value above it."""
        node = self._root
        for step in path:
            inner = _step_into(node, step)
            if inner is None:
                break
            node = inner
        return node.start_mark.line + 1 if node else None


def read_kept_text(name: str, text: str, model: type[Model]) -> Model:
    """A reference file's text, kept from an earlier time, as a model.

    Raises:
        ReferenceFileError: if it does not fit the model of today.
    """
    try:
        return model.model_validate(_Loader(text).get_single_data())
    except ValidationError as error:
        why = f"kept in a form that is no longer read: {error.errors()[0]['msg']}"
        raise ReferenceFileError(name, None, "", why) from None


def _refuse_aliases(text: str) -> None:
    # An alias of an alias of an alias is a small file that becomes a large one.
    for token in yaml.scan(text, Loader=yaml.SafeLoader):
        if isinstance(token, yaml.AliasToken):
            why = "aliases are not allowed"
            raise yaml.MarkedYAMLError(problem=why, problem_mark=token.start_mark)


def _step_into(node: yaml.Node | None, step: str | int) -> yaml.Node | None:
    if isinstance(node, yaml.MappingNode):
        return next((value for key, value in node.value if key.value == step), None)
    if isinstance(node, yaml.SequenceNode) and isinstance(step, int) and step < len(node.value):
        found: yaml.Node = node.value[step]
        return found
    return None


def _write_path(path: Sequence[str | int]) -> str:
    return "".join(f"[{step}]" if isinstance(step, int) else f".{step}" for step in path).lstrip(
        "."
    )


class _Loader(yaml.SafeLoader):
    def construct_mapping(self, node: yaml.MappingNode, deep: bool = False) -> dict[Hashable, Any]:
        names = set()
        for key, _ in node.value:
            if key.value in names:
                why = f"{key.value} is given twice"
                raise yaml.constructor.ConstructorError(None, None, why, key.start_mark)
            names.add(key.value)
        return super().construct_mapping(node, deep=deep)


_Loader.yaml_implicit_resolvers = {}
# YAML 1.2 core schema (https://yaml.org/spec/1.2.2/, section 10.3), and days as YAML 1.1 has them.
for tag, pattern, first in (
    ("null", r"null|~|", "n~"),
    ("bool", r"true|false", "tf"),
    ("int", r"-?(?:0|[1-9][0-9]*)", "-0123456789"),
    ("timestamp", r"[0-9]{4}-[0-9]{2}-[0-9]{2}", "0123456789"),
):
    _Loader.add_implicit_resolver(
        f"tag:yaml.org,2002:{tag}", re.compile(rf"(?:{pattern})\Z"), [*first, ""]
    )
