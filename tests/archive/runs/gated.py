"""A source whose runs a gate checks, for tests of what is held."""

from sqlalchemy import Engine

from archive.records import SourceInfo, SourceKind
from archive.store.database import write
from archive.store.setup import write_sources

SOURCE = SourceInfo(
    id="example",
    title="Example",
    publisher="Example",
    kind=SourceKind.ADS,
    homepage="https://example.org",
    documentation="https://example.org",
    licence="CC0",
    access="robots: obey",
    partition_unit="one year",
    seconds_between_requests=0,
)


def write_source(engine: Engine) -> None:
    """Make the source known, as `init` does."""
    with write(engine) as session:
        write_sources(session, [SOURCE])
