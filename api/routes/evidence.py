"""Evidence: the reference of one capture; its bytes may hold what this archive does not show."""

from typing import Annotated

from fastapi import APIRouter, Path

from api.dependencies import Reading
from archive.reading import read_evidence
from archive.reading.views import EvidenceView

router = APIRouter(prefix="/evidence", tags=["evidence"])


@router.get("/{capture_id}")
def get_evidence(
    session: Reading,
    capture_id: Annotated[int, Path(ge=1, le=2**63 - 1, description="Our id of the capture.")],
) -> EvidenceView:
    """Hash, address, time and size of a capture."""
    return read_evidence(session, capture_id)
