"""The newest state of the ledger that was found sound, kept in the archive's home beside its database.

Who rewrites rows and leaves in the database alone is found out by it. Verify and restore write it.
"""

from collections.abc import Sequence
from datetime import datetime

from pydantic import ValidationError
from sqlmodel import Field, SQLModel

from archive.errors import EvidenceError
from archive.store.disk import replace_file
from archive.store.ledger.root import LedgerHead
from config.settings import Settings

FILE = "ledger-head.json"


class KeptHead(SQLModel):
    """The ledger as it was found sound once."""

    ledger: LedgerHead = Field(description="Size and root.")
    kept_at: datetime = Field(description="When.")
    blocks: list[str] = Field(
        default_factory=list,
        description="Roots of its leaves some at a time (`read_block_roots`); empty: not kept.",
    )


def read_kept_head(settings: Settings) -> KeptHead | None:
    """What was kept last; `None`: nothing yet.

    Raises:
        EvidenceError: if the file says nothing of the kind.
    """
    try:
        return KeptHead.model_validate_json((settings.home / FILE).read_bytes())
    except FileNotFoundError:
        return None
    except ValidationError:
        raise EvidenceError(f"{settings.home / FILE} is not what this archive wrote") from None


def keep_head(
    settings: Settings, ledger: LedgerHead, now: datetime, blocks: Sequence[str] = ()
) -> None:
    """Keep a state that was found sound; later ones must go on from it."""
    head = KeptHead(ledger=ledger, kept_at=now, blocks=[*blocks])
    replace_file(settings.home / FILE, head.model_dump_json(indent=2) + "\n")
