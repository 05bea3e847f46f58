"""Files of configuration that cannot be used: as operators and as readers are told of them.

A machine that collects keeps what it could not use for the site, which reads no schedule, feed, column map
or credential. Readers learn why a file of public data is left out; of the others only that it is.
"""

import json
from collections.abc import Iterable

from pydantic import BaseModel, Field
from sqlmodel import Session

from archive.models import ArchiveFact
from archive.records.escaping import escape_text
from config.overlay import Origin, list_config_files
from config.readings import read_each
from config.settings import Settings
from config.yaml_files import YamlFileError, read_file

FACT = "refused_files"
COLLECTING_FOLDERS = ("schedules", "feeds", "column_maps", "credentials")
RULE_FOLDERS = ("rules", "params", "elections", "holidays", "registers")
PUBLIC_FOLDERS = (*RULE_FOLDERS, "fx")
ASK_DOCTOR = "cannot be used; paidforby doctor says why"


class RefusedFile(BaseModel):
    """A file of configuration that is left out, with what rests on it."""

    file: str = Field(description="Its place below config/, such as rules/us/payer-named.yaml.")
    line: int | None = Field(description="Line that is wrong, from 1; empty: the whole file is.")
    field: str = Field(description="Field that is wrong; empty: none in particular, or not public.")
    why: str = Field(description="What is wrong, and what comes of it.")

    @property
    def is_of_rules(self) -> bool:
        """Whether rules rest on it; else it is about collecting or about exchange rates."""
        return self.file.startswith(RULE_FOLDERS)


def describe_refused(errors: Iterable[YamlFileError]) -> list[RefusedFile]:
    """What readers are told, in the order of the files."""
    described = []
    for error in errors:
        file = escape_text(error.place)
        is_public = file.startswith(PUBLIC_FOLDERS)
        field, why = (error.field, error.why) if is_public else ("", ASK_DOCTOR)
        told = RefusedFile(
            file=file, line=error.line, field=escape_text(field), why=escape_text(why)
        )
        described.append(told)
    return sorted(described, key=lambda refused: refused.file)


def list_unread(settings: Settings) -> list[YamlFileError]:
    """The operator's own files about collecting that are no YAML; what fields they lack, collectors know."""
    own = [
        file
        for folder in COLLECTING_FOLDERS
        for file in list_config_files(settings, folder, ".yaml")
        if file.origin is not Origin.SHIPPED
    ]
    return read_each(own, read_file, lambda text: text.name).refused


def read_refused_files(session: Session) -> list[RefusedFile]:
    """What the machine that collected last could not use."""
    fact = session.get(ArchiveFact, FACT)
    return [RefusedFile(**each) for each in json.loads(fact.value)] if fact else []


def write_refused_files(session: Session, refused: list[RefusedFile]) -> None:
    """Keep what cannot be used now, in the place of what could not be before."""
    value = json.dumps([each.model_dump() for each in refused])
    session.merge(ArchiveFact(name=FACT, value=value))
