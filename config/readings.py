"""Reads all files of one kind: each says its own, and one that cannot be used takes no other with it."""

from collections.abc import Callable, Collection, Iterable
from dataclasses import dataclass
from typing import Generic, TypeVar

from config.overlay import ConfigFile, list_config_files
from config.settings import Settings
from config.yaml_files import Model, YamlFileError, read_model

Value = TypeVar("Value")


@dataclass(frozen=True)
class Readings(Generic[Value]):
    """What the files of one kind say, by name, and those that cannot be used."""

    values: dict[str, Value]
    refused: list[YamlFileError]

    def find(self, name: str) -> Value | None:
        """What the file of that name says; `None`: there is none.

        Raises:
            YamlFileError: if it cannot be used.
        """
        if name not in self.values:
            for error in self.refused:
                if error.name == name:
                    raise error
        return self.values.get(name)


def read_each(
    files: Iterable[ConfigFile],
    read: Callable[[ConfigFile], Value],
    name_of: Callable[[Value], str] | None = None,
) -> Readings[Value]:
    """Read files one by one: what one of them lacks takes no other out of use.

    Values stand under the names of their files, or what `name_of` says; the first to bear a name has it.
    """
    values: dict[str, Value] = {}
    refused: list[YamlFileError] = []
    for file in files:
        try:
            value = read(file)
        except YamlFileError as error:
            refused.append(error)
            continue
        except Exception as error:  # noqa: BLE001 (a fence: whatever is wrong with it, the next is read)
            why = f"cannot be read ({type(error).__name__})"
            refused.append(YamlFileError(str(file.path), None, "", why))
            continue
        name = name_of(value) if name_of else file.path.stem
        if name in values:
            refused.append(YamlFileError(str(file.path), None, "", f"{name} is another file's too"))
        else:
            values[name] = value
    return Readings(values, refused)


def read_models(
    settings: Settings, folder: str, model: type[Model], sources: Collection[str] | None = None
) -> Readings[Model]:
    """What each file of a folder says, by its name without ending; `sources`: the names there may be."""

    def read(file: ConfigFile) -> Model:
        value = read_model(file, model)
        if sources is not None and file.path.stem not in sources:
            why = f"there is no source {file.path.stem!r}"
            raise YamlFileError(str(file.path), None, "", why)
        return value

    return read_each(list_config_files(settings, folder, ".yaml"), read)
