"""One reader of YAML files that say what a model says, each refusal with file, line and field.

Column maps, credentials, feeds and schedules are read through it. It never looks for a file.
"""

from collections.abc import Sequence
from pathlib import Path
from typing import TypeVar

import yaml
from pydantic import BaseModel, ValidationError

from archive.errors import ArchiveError

Model = TypeVar("Model", bound=BaseModel)


class YamlFileError(ArchiveError):
    """A file of the operator's configuration says something that we cannot follow."""


def read_model(path: Path, model: type[Model]) -> Model:
    """What the file says.

    Raises:
        YamlFileError: naming the file, and the line and field that are wrong.
    """
    text = path.read_text("utf-8", errors="replace")
    try:
        return model.model_validate(yaml.safe_load(text))
    except yaml.YAMLError as error:
        raise YamlFileError(f"{path}: not YAML: {error}") from error
    except ValidationError as error:
        first = error.errors(include_url=False)[0]
        field = ".".join(str(part) for part in first["loc"]) or "the file"
        message = first["msg"].removeprefix("Value error, ")
        line = find_line(text, first["loc"])
        raise YamlFileError(f"{path}, line {line}: {field}: {message}") from error


def find_line(text: str, keys: Sequence[int | str]) -> int:
    """The line, from 1, of what stands under nested keys, as deep as they lead."""
    node = yaml.compose(text, Loader=yaml.SafeLoader)
    line = 1
    for key in keys:
        if not isinstance(node, yaml.MappingNode):
            break
        found = [pair for pair in node.value if pair[0].value == key]
        if not found:
            break
        line = found[0][0].start_mark.line + 1
        node = found[0][1]
    return line
