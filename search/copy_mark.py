"""What stands beside a search copy, in the same place: whose it is, of what shape, how far it follows."""

import hashlib
import json
from dataclasses import dataclass
from typing import NamedTuple

from search.indexed.documents import SearchDocument

DOCUMENT_SHAPE = 6
"""Raise it when values of documents are made otherwise: every engine is then filled anew at the next sync.

Fields, settings and tables are no matter of it (`spell_shape`).
"""


class UpTo(NamedTuple):
    """A change, as a copy notes up to where it follows."""

    seq: int
    at: int
    """When it was recorded, in microseconds: in another past of the archive it was another change."""


@dataclass(frozen=True)
class CopyMark:
    """What stands beside a copy, in the same place: whose it is, which one, and how far it follows."""

    archive_id: str
    realm: str
    """Whether its ads are invented or real; empty: the archive had none yet."""
    token: str
    """Drawn for each copy that is made."""
    shape: str
    """Of its documents and settings (`spell_shape`)."""
    seq: int
    """Every change up to this one is in it."""
    at: int
    """When that was recorded (`UpTo`)."""


@dataclass(frozen=True)
class SearchCopy:
    """A copy as it is found."""

    documents: int
    mark: CopyMark | None = None
    """`None`: nothing says whose it is."""
    is_usable: bool = True
    """Whether readers can be answered from it: it has its settings."""


def spell_shape(*settings: object) -> str:
    """What differs once documents have other fields, or an engine other settings: copies are made anew."""
    made_of = [DOCUMENT_SHAPE, sorted(SearchDocument.model_fields), settings]
    return hashlib.sha256(json.dumps(made_of, sort_keys=True).encode()).hexdigest()[:16]
