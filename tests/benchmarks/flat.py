"""The flat limit: records dumped, every field a column, into one table without keys.

No archive can be quicker than its engine writes rows that nobody will ever look up; the benchmarks
divide by this.
"""

import time
from collections.abc import Sequence

from sqlalchemy import Column, Engine, MetaData, Table

from archive.ingest.rows import FIELDS, Prepared
from archive.models import PublicAd
from archive.store.bulk import find_storing, insert_rows, table_of
from archive.store.database import write

FLAT_NAMES = (*FIELDS.names, "content_sha256")


def make_flat(engine: Engine, name: str) -> Table:
    """An empty table with the columns of a record and no key."""
    kinds = table_of(PublicAd).c
    flat = Table(name, MetaData(), *(Column(n, kinds[n].type) for n in FLAT_NAMES))
    with write(engine) as session:
        flat.create(session.connection())
    return flat


def dump_flat(engine: Engine, flat: Table, prepared: Sequence[Prepared]) -> float:
    """Seconds to write and commit records whose rows are made beforehand."""
    with write(engine) as session:
        storing = find_storing(session)
        rows = [(*FIELDS.take(p, storing), p.content_sha256) for p in prepared]
    started = time.perf_counter()
    with write(engine) as session:
        insert_rows(session, flat, FLAT_NAMES, rows)
    return time.perf_counter() - started
