"""Reads a YAML file into its model, or says where it is wrong: file, line, field and reason.

Rules, elections, parameters, schedules, feeds, column maps and credentials are read here, all by one
strict part of YAML: texts, whole numbers, `true`, `false`, `null`, lists and mappings. `NO` is a country,
`07:00` and `0o7` are texts; a day is a text that its field reads. A key given twice, an unknown key, an
anchor, an alias, a tag and a second document are errors.
"""

import json
import re
from collections.abc import Iterator, Sequence
from itertools import islice
from pathlib import Path
from typing import TypeVar

import yaml
from pydantic import BaseModel, ConfigDict, ValidationError

from config.faults import tell_fault
from config.overlay import ConfigFile

MAX_BYTES = 256 * 1024
MAX_DEPTH = 40
CONTROL_CHARACTER = "a control character stands here"
TAB = "a tab stands here: write spaces"
WORDS = {"": None, "~": None, "null": None, "true": True, "false": False}
QUICK_LOADER = yaml.CSafeLoader if yaml.__with_libyaml__ else yaml.SafeLoader
WHOLE_NUMBER = re.compile(r"-?(?:0|[1-9][0-9]{0,17})")

Model = TypeVar("Model", bound=BaseModel)
Place = tuple[str | int, ...]


class FileModel(BaseModel):
    """Base of what stands in these files: frozen, and an unknown key is an error."""

    model_config = ConfigDict(extra="forbid", frozen=True)


class YamlFileError(Exception):
    """A file that cannot be used: which file, which line (from 1), which field, why.

    `more` are further faults of the same file.
    """

    def __init__(
        self,
        file: str,
        line: int | None,
        field: str,
        why: str,
        more: Sequence["YamlFileError"] = (),
    ) -> None:
        place = f"{file}, line {line}" if line else file
        told = f"{place}: {field}: {why}" if field else f"{place}: {why}"
        super().__init__(f"{told} (and {len(more)} more)" if more else told)
        self.file = file
        self.line = line
        self.field = field
        self.why = why
        self.more = more

    @property
    def name(self) -> str:
        """What the file speaks about: its name without ending."""
        return Path(self.file).stem

    @property
    def place(self) -> str:
        """Where the file lies below `config`, which tells nobody where this archive lies."""
        return self.file.rpartition("/config/")[2]

    @property
    def faults(self) -> list["YamlFileError"]:
        """Everything that is wrong with the file, one by one."""
        return [YamlFileError(self.file, self.line, self.field, self.why), *self.more]

    def add(self, words: str) -> "YamlFileError":
        """The same with what comes of it."""
        return YamlFileError(self.file, self.line, self.field, f"{self.why}; {words}", self.more)


def read_model(file: ConfigFile, model: type[Model]) -> Model:
    """What a file says.

    Raises:
        YamlFileError: naming the file, and the line and field that are wrong.
    """
    return read_file(file).read_as(model)


def read_file(file: ConfigFile) -> "YamlText":
    """A file's bytes and values.

    Raises:
        YamlFileError: if it cannot be read, is too long or not of the strict part of YAML.
    """
    return YamlText(str(file.path), read_bytes(file.path, MAX_BYTES))


def read_bytes(path: Path, most: int) -> bytes:
    """The bytes of a file.

    Raises:
        YamlFileError: if there is no file, none that may be read, or one of more bytes than `most`.
    """
    try:
        # A pipe would keep us waiting for whoever writes into it.
        if path.exists() and not path.is_file():
            raise YamlFileError(str(path), None, "", "this is no file")
        with path.open("rb") as stream:
            data = stream.read(most + 1)
    except OSError as error:
        why = f"cannot be read: {error.strerror or error}"
        raise YamlFileError(str(path), None, "", why) from None
    if len(data) > most:
        raise YamlFileError(str(path), None, "", f"longer than {most} bytes")
    return data


class YamlText:
    """The bytes of a file, its values, and the line each value stands on.

    Raises:
        YamlFileError: if they are not of the strict part of YAML.
    """

    def __init__(self, name: str, data: bytes) -> None:
        self.name = name
        self.data = data
        self._lines: dict[Place, int] = {}
        try:
            text = data.decode("utf-8-sig")
        except UnicodeDecodeError as error:
            line = data.count(b"\n", 0, error.start) + 1
            raise YamlFileError(name, line, "", f"not UTF-8: {error.reason}") from None
        try:
            self.values = self._read_document(yaml.parse(text, Loader=QUICK_LOADER))
        except (yaml.YAMLError, YamlFileError, ValueError, OverflowError):
            # What is wrong, and on which line, the slower parser says better.
            self._lines.clear()
            self.values = self._read_slowly(text)

    def read_as(self, model: type[Model]) -> Model:
        """The values as a model; nothing is converted but days, times and names out of their texts.

        Raises:
            YamlFileError: naming each line on which a field does not fit.
        """
        # What we set when a file is read, such as its hash, nobody writes into it.
        for name, field in model.model_fields.items():
            if field.exclude and isinstance(self.values, dict) and name in self.values:
                raise self.make_error([name], "there is no such field: leave it out")
        try:
            return model.model_validate_json(json.dumps(self.values), strict=True)
        except ValidationError as error:
            faults: dict[object, YamlFileError] = {}
            found = error.errors(include_url=False)
            for fault in found:
                place = fault["loc"]
                if fault["type"] == "too_short" and any(
                    other["loc"][: len(place)] == place and other["loc"] != place for other in found
                ):
                    continue  # What is wrong with its items makes a list too short.
                made = self.make_error(fault["loc"], tell_fault(fault, model))
                # A value that may be of several types has a fault for each.
                is_missing = fault["type"] == "missing"
                faults.setdefault(
                    made.field if is_missing else self._find_place(fault["loc"]), made
                )
            first, *more = faults.values()
            raise YamlFileError(self.name, first.line, first.field, first.why, more) from None

    def make_error(self, place: Sequence[str | int], why: str) -> YamlFileError:
        """An error about the value at a place: keys and positions."""
        field = "".join(f"[{step}]" if isinstance(step, int) else f".{step}" for step in place)
        return YamlFileError(self.name, self.find_line(place), field.lstrip("."), why)

    def find_line(self, place: Sequence[str | int]) -> int:
        """Line of the value at a place, or of the closest value above it."""
        return self._lines[self._find_place(place)]

    def _find_place(self, place: Sequence[str | int]) -> Place:
        found = tuple(place)
        while found not in self._lines:
            found = found[:-1]
        return found

    def _read_slowly(self, text: str) -> object:
        try:
            return self._read_document(yaml.parse(text, Loader=yaml.SafeLoader))
        except yaml.reader.ReaderError as error:
            line = text.count("\n", 0, error.position) + 1
            raise YamlFileError(self.name, line, "", CONTROL_CHARACTER) from None
        except yaml.MarkedYAMLError as error:
            marked = error.problem_mark.line + 1 if error.problem_mark else None
            why = TAB if r"'\t'" in str(error.problem) else f"not YAML: {error.problem}"
            raise YamlFileError(self.name, marked, "", why) from None
        except (ValueError, OverflowError):
            # PyYAML hands every number to Python: that of an escaped character, that of a version.
            raise YamlFileError(self.name, None, "", "not YAML: a number is too large") from None

    def _read_document(self, events: Iterator[yaml.Event]) -> object:
        _, start = next(events), next(events)
        self._lines[()] = _find_line(start)
        if isinstance(start, yaml.StreamEndEvent):
            raise self.make_error((), "the file is empty")
        if not isinstance(top := next(events), yaml.MappingStartEvent):
            raise self.make_error(
                (), "a file is fields with their values, such as `title: A title`"
            )
        values = self._read_value(top, events, ())
        if not isinstance(after := [*islice(events, 2)][1], yaml.StreamEndEvent):
            raise self._refuse(after, "a second document begins")
        return values

    def _read_value(self, event: yaml.Event, events: Iterator[yaml.Event], place: Place) -> object:
        self._lines.setdefault(place, _find_line(event))
        if len(place) > MAX_DEPTH:
            raise self._refuse(event, f"nested more than {MAX_DEPTH} deep")
        if isinstance(event, yaml.SequenceStartEvent | yaml.MappingStartEvent):
            self._refuse_marks(event)
            is_list = isinstance(event, yaml.SequenceStartEvent)
            return (self._read_list if is_list else self._read_mapping)(events, place)
        written = self._read_text(event)
        if isinstance(event, yaml.ScalarEvent) and event.implicit[0]:
            return _read_word(written)
        return written

    def _read_list(self, events: Iterator[yaml.Event], place: Place) -> list[object]:
        values: list[object] = []
        while not isinstance(event := next(events), yaml.SequenceEndEvent):
            values.append(self._read_value(event, events, (*place, len(values))))
        return values

    def _read_mapping(self, events: Iterator[yaml.Event], place: Place) -> dict[str, object]:
        values: dict[str, object] = {}
        while not isinstance(event := next(events), yaml.MappingEndEvent):
            key = self._read_text(event)
            if key in values:
                raise self._refuse(event, f"{key} is given twice")
            self._lines[*place, key] = _find_line(event)
            values[key] = self._read_value(next(events), events, (*place, key))
        return values

    def _read_text(self, event: yaml.Event) -> str:
        self._refuse_marks(event)
        if not isinstance(event, yaml.ScalarEvent):
            raise self._refuse(event, "a key is a text")
        if yaml.reader.Reader.NON_PRINTABLE.search(event.value):
            raise self._refuse(event, CONTROL_CHARACTER)
        return event.value

    def _refuse_marks(self, event: yaml.Event) -> None:
        if any(getattr(event, mark, None) for mark in ("anchor", "tag")):
            raise self._refuse(event, "anchors, aliases and tags are not allowed")

    def _refuse(self, event: yaml.Event, why: str) -> YamlFileError:
        return YamlFileError(self.name, _find_line(event), "", why)


def _find_line(event: yaml.Event) -> int:
    return event.start_mark.line + 1 if event.start_mark else 1


def _read_word(written: str) -> object:
    """What a text without quotes stands for: itself, but for a few words and whole numbers.

    After the JSON schema of YAML 1.2 (https://yaml.org/spec/1.2.2/, section 10.2).
    """
    if written in WORDS:
        return WORDS[written]
    return int(written) if WHOLE_NUMBER.fullmatch(written) else written
