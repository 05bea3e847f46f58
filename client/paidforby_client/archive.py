"""An archive as a program asks it."""

from collections.abc import Iterator
from pathlib import Path
from urllib.parse import quote

from paidforby_client.connection import Connection, Row, Value
from paidforby_client.saving import find_ending, save_rows
from paidforby_client.search import Search

LARGEST_PAGE = 100


class Archive:
    """An archive that runs Paid For By, at its address.

    Parameters have the API's names and mean what they mean there (`from_` is its `from`); one that it does
    not know is refused. `as_of` and `valid_at` go with whatever has a past. Rows are plain dicts: the
    archive's own `/api/v1/openapi.json` describes their fields, `/api/v1/downloads` the columns of files.

    A busy archive (429, 503) is asked again after the seconds it names, else 5, for 180 seconds in all for
    one answer. Every method raises `ArchiveError` if the archive refuses, stays busy or cannot be reached.
    """

    def __init__(self, address: str, *, timeout: float = 300) -> None:
        """`address`: of the site; `timeout`: seconds to wait for an answer, or for its next part.

        An archive reads all rows before it says what is known of them: of 100,000 that takes a minute or two.

        Raises:
            ValueError: if the address is none of the web.
        """
        self._connection = Connection(address, timeout)

    def search(self, q: str = "", **asked: Value) -> Search:
        """Ads by their words and filters; nothing is asked before something of it is read."""
        return Search(self._connection, {"q": q, **asked})

    def ads(self, **asked: Value) -> Iterator[Row]:
        """Every ad that filters leave, in the order in which the archive learned of them."""
        return self._list("ads", asked)

    def ad(self, ad_id: str, **asked: Value) -> Row:
        """One ad by its permanent id, `<source>:<ref>`.

        Raises:
            ValueError: if that is no id.
        """
        source, colon, ref = ad_id.partition(":")
        if not (source and colon and ref):
            raise ValueError(f"the id of an ad is <source>:<ref>, not {ad_id!r}")
        return self._connection.read(f"ads/{quote(source, safe='')}/{quote(ref, safe='')}", asked)

    def advertisers(self, **asked: Value) -> Iterator[Row]:
        """Every advertiser, in the order of their ids."""
        return self._list("advertisers", asked)

    def disclosures(self, **asked: Value) -> Iterator[Row]:
        """Every payment filed with an authority, in the order in which the archive learned of them."""
        return self._list("disclosures", asked)

    def decisions(self) -> Iterator[Row]:
        """Every decision with its reasons, newest first, as of now."""
        return self._list("decisions", {})

    def sources(self) -> Iterator[Row]:
        """Every source, with what the archive holds of it, as of now."""
        return self._read_pages("sources", {})

    def names(self, q: str = "", **asked: Value) -> Iterator[Row]:
        """Every name with these words, in the order of their keys, as of now."""
        return self._list("names", {"q": q, **asked})

    def spend(self, **asked: Value) -> Row:
        """Sums of money with their bounds; currencies stand apart."""
        return self._connection.read("spend", asked)

    def download(self, what: str, path: str | Path, **asked: Value) -> Row:
        """Write a whole list (`ads`, `disclosures`, `metrics` ...) to a file, as `Search.save` does.

        Raises:
            ValueError, FileExistsError, IncompleteError: as for `Search.save`.
        """
        path = Path(path)
        address = f"downloads/{quote(what, safe='')}.{find_ending(path)}"
        return save_rows(self._connection, address, asked, path)

    def _list(self, path: str, asked: dict[str, Value]) -> Iterator[Row]:
        return self._read_pages(path, {"limit": LARGEST_PAGE, **asked})

    def _read_pages(self, path: str, asked: dict[str, Value]) -> Iterator[Row]:
        page = self._connection.read(path, asked)
        yield from page["items"]
        while page["next"]:
            page = self._connection.read(page["next"])
            yield from page["items"]
