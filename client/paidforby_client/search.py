"""All that answers a question, asked for when it is read."""

import json
from collections.abc import Iterator, Mapping
from functools import cached_property
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import TYPE_CHECKING

from paidforby_client.connection import Connection, Row, Value, read_parts
from paidforby_client.errors import IncompleteError
from paidforby_client.saving import find_ending, import_extra, save_rows

if TYPE_CHECKING:
    from duckdb import DuckDBPyConnection
    from pandas import DataFrame

PATH = "search"


class Search:
    """All ads that answer a question: what is asked first fixes the moment of everything else.

    Iterating gives every row, newest first, with the columns of the ads download and `matched_fields`. The
    rows are streamed, each time anew; whoever takes none for a minute is cut off, so save before long work.
    """

    def __init__(
        self,
        connection: Connection,
        asked: Mapping[str, Value],
        drawn: Mapping[str, Value] | None = None,
    ) -> None:
        """`drawn`: which sample of the rows is meant."""
        self._connection = connection
        self._asked = asked
        self._drawn = drawn or {}

    @cached_property
    def as_of(self) -> Value:
        """The moment whose knowledge it is: as asked for, or when the archive had last learned anything."""
        given = self._asked.get("as_of")
        if given is not None:
            return given
        told: str | None = self._connection.read(PATH, {**self._asked, "limit": 1})["data_as_of"]
        return told

    @cached_property
    def total(self) -> int:
        """How many ads answer, whatever sample is drawn; `sidecar()["rows"]` is exact on every engine."""
        return int(self._read_page(limit=1)["total"])

    def facets(self, *names: str) -> dict[str, dict[str | None, int]]:
        """For each of these filters value -> ads, the most frequent hundred; `None`: the value is unknown."""
        page = self._read_page(facet=names, limit=1)
        unknown = page["facet_unknown"]
        return {name: {**page["facets"][name], None: unknown.get(name, 0)} for name in names}

    def sample(self, size: int, seed: str = "1") -> "Search":
        """So many of the rows, the same for everybody who gives the same seed."""
        asked = {**self._asked, "as_of": self.as_of}
        return Search(self._connection, asked, {"sample": size, "seed": seed})

    def sidecar(self) -> Row:
        """What the archive says of the rows: `rows`, `ids_sha256`, `as_of`, the question, the licence."""
        return self._connection.read(PATH, self._ask_rows("meta"))

    def __iter__(self) -> Iterator[Row]:
        """Every row.

        Raises:
            IncompleteError: if they break off.
        """
        with self._connection.open(PATH, self._ask_rows("jsonl")) as response:
            pending = b""
            for part in read_parts(response):
                *lines, pending = (pending + part).split(b"\n")
                yield from map(json.loads, lines)
        if pending:
            raise IncompleteError(f"{response.url} broke off within a row")

    def save(self, path: str | Path) -> Row:
        """Write all rows to a file that ends in .csv, .jsonl or .parquet, and the sidecar to FILE.meta.json.

        Gives the sidecar. Parquet needs one of the extras.

        Raises:
            ValueError: if the name ends otherwise.
            FileExistsError: if a file of either name is there.
            IncompleteError: if number and ids of the rows are not the sidecar's; then neither file is left.
        """
        path = Path(path)
        return save_rows(self._connection, PATH, self._ask_rows(find_ending(path)), path)

    def to_pandas(self) -> "DataFrame":
        """All rows as a frame; columns have Arrow's types, in which an unknown number is no zero.

        Raises:
            IncompleteError: as for `save`.
        """
        pandas = import_extra("pandas", "pandas")
        with TemporaryDirectory() as folder:
            path = Path(folder, "rows.parquet")
            self.save(path)
            frame: DataFrame = pandas.read_parquet(path, dtype_backend="pyarrow")
        return frame

    def to_duckdb(self, connection: "DuckDBPyConnection", name: str) -> None:
        """Make a table of all rows; DuckDB refuses if there is one of that name.

        Raises:
            IncompleteError: as for `save`.
        """
        with TemporaryDirectory() as folder:
            path = Path(folder, "rows.parquet")
            self.save(path)
            connection.read_parquet(str(path)).create(name)

    def _ask_rows(self, form: str) -> dict[str, Value]:
        return {**self._asked, **self._drawn, "as_of": self.as_of, "format": form}

    def _read_page(self, **more: Value) -> Row:
        return self._connection.read(PATH, {**self._asked, "as_of": self.as_of, **more})
