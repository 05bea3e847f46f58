"""Parameters, elections and holidays as their files are now, kept word for word by hash beside the rules."""

from contextlib import suppress
from datetime import datetime

from sqlmodel import Session

from archive.curation.reference_texts import keep_reference_text, list_kept_hashes
from archive.models.oversight import ReferenceKind
from archive.records.canonical import hash_bytes
from config.overlay import list_config_files
from config.settings import Settings
from config.yaml_files import MAX_BYTES, YamlFileError, read_bytes, read_file

FOLDERS = {
    "params": ReferenceKind.PARAMETER,
    "elections": ReferenceKind.ELECTION,
    "holidays": ReferenceKind.HOLIDAYS,
}
SAID = ("this installation", "it stands in a file here")


def keep_reference_texts(session: Session, settings: Settings, now: datetime) -> None:
    """Keep each text that is new, under the place of its file; one that cannot be read is left out."""
    held = list_kept_hashes(session)
    for folder, kind in FOLDERS.items():
        for file in list_config_files(settings, folder, ".yaml"):
            name = file.relative.removesuffix(".yaml")
            with suppress(YamlFileError):
                data = read_bytes(file.path, MAX_BYTES)
                if (kind, name, hash_bytes(data)) not in held:
                    text = read_file(file).data.decode()
                    keep_reference_text(session, kind, name, text, SAID, now)
