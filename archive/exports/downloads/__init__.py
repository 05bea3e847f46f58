"""Whole lists without a cap: every row of a filter, of one moment, as CSV, JSON Lines or Parquet.

`api/routes/downloads.py` hands them out. Rows are read lazily in the order in which the archive learned
of them, and nothing of the database is held between two pages (`pages.py`): ingest may go on meanwhile,
and memory does not grow with the list. Nothing is counted before it is written: the sidecar counts.
"""

from archive.exports.downloads.columns import CURSOR, Column
from archive.exports.downloads.filters import AdvertiserSpendFilter, Wanted
from archive.exports.downloads.forms import Form, write_rows, write_stream
from archive.exports.downloads.select import RowStream, stream_rows
from archive.exports.downloads.sidecar import Sidecar
from archive.exports.downloads.tables import What, list_ad_columns, list_columns, select_ads

__all__ = [
    "CURSOR",
    "AdvertiserSpendFilter",
    "Column",
    "Form",
    "RowStream",
    "Sidecar",
    "Wanted",
    "What",
    "list_ad_columns",
    "list_columns",
    "select_ads",
    "stream_rows",
    "write_rows",
    "write_stream",
]
