"""Texts by hash: every version of a rule, and of what rules rest on, word for word and for ever."""

from typing import Annotated

from fastapi import APIRouter, Path, Response

from api.dependencies import Reading
from api.listings import CSV_TOO, Format, FormatOf, answer_csv
from archive.reading.kept_texts import KeptTextView, find_text

router = APIRouter(prefix="/texts", tags=["rules"])


@router.get("/{sha256}", response_model=KeptTextView, responses=CSV_TOO)
def get_text(
    session: Reading,
    sha256: Annotated[str, Path(description="SHA-256 of the text.")],
    shape: FormatOf = Format.JSON,
) -> KeptTextView | Response:
    """One version of a rule, of what rules rest on: a figure, an election, a register …, as it is kept."""
    kept = find_text(session, sha256)
    return answer_csv(KeptTextView, [kept]) if shape is Format.CSV else kept
