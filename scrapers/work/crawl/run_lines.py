"""What the log says of a run: one line when it begins, one when it is over."""

import logging
from collections.abc import Mapping

from archive.models import Run

logger = logging.getLogger(__name__)

COUNTED = ("seen", "new", "changed", "unchanged", "vanished", "withdrawn", "quarantined")


def log_begin(place: Mapping[str, object]) -> None:
    """Say that a run begins, and where."""
    logger.info("the run begins", extra=place)


def log_end(place: Mapping[str, object], run: Run) -> Run:
    """Say how a run went, and give it; why it did not go well stands in its row, for operators."""
    counts = {name: getattr(run, name) for name in COUNTED}
    took = (run.ended_at or run.heartbeat_at) - run.started_at
    told = {"outcome": run.outcome, **counts, "seconds": round(took.total_seconds(), 1)}
    logger.info("the run is over", extra={**place, **told})
    return run


def log_killed(run: Run, exit_code: int) -> None:
    """Say that a run was killed, which could not say so itself."""
    place = {"source": run.source, "partition": run.partition, "run": run.id}
    logger.warning("the run was killed", extra={**place, "exit_code": exit_code})
