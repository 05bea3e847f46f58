"""A copy of the public tables as Parquet files, for sums and back-tests too wide for the database.

`sync_mirror(engine, folder, now)` brings it up to the newest change, `compact_mirror(folder, now)` makes few
files of many, `read_mirror(folder, table)` reads it at any moment, also while either is at work. It may be
deleted and is then made anew.
"""

from archive.exports.mirror.compacting import compact_mirror
from archive.exports.mirror.manifest import MirrorError, find_folder
from archive.exports.mirror.reading import newest_rows_sql, read_mirror, read_status
from archive.exports.mirror.syncing import sync_mirror

__all__ = [
    "MirrorError",
    "compact_mirror",
    "find_folder",
    "newest_rows_sql",
    "read_mirror",
    "read_status",
    "sync_mirror",
]
