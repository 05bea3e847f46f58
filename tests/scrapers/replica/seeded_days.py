"""A seeded day of the replica, served."""

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from tempfile import TemporaryDirectory

from scrapers.replica.faults import Fault, ReceivedRequest
from scrapers.replica.seeded.days import SeededDay, SeedPlan, lay_out_day
from scrapers.replica.serve import serve_app


@contextmanager
def running_seeded_day(
    plan: SeedPlan,
    day: int,
    faults: Sequence[Fault] = (),
    received: list[ReceivedRequest] | None = None,
) -> Iterator[tuple[str, SeededDay]]:
    """Serve a seeded day as `running_replica` serves fixtures; gives the address and the truth."""
    with TemporaryDirectory(prefix="replica-") as folder:
        seeded = lay_out_day(plan, day, Path(folder))
        with serve_app(seeded.serve(Path(folder), faults, received)) as address:
            yield address, seeded
