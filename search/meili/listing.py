"""All ads that pass filters, newest first: asked for by stretches of days, each put in order here.

Its own order of documents (`sort` of `/documents/fetch`, Meilisearch 1.21) gives some twice and leaves others
out where a page ends, and its search lists a thousand.
"""

from collections.abc import Iterator, Sequence
from datetime import date
from typing import Any

from search.meili.server import MeilisearchServer
from search.port import SearchUnavailableError

ADS_AT_ONCE = 10_000

FIELDS = ["ad_id", "started_day"]
FIRST_DAY, LAST_DAY = date.min.toordinal(), date.max.toordinal()
WITHOUT_DAY = "started_day IS NULL"


def list_newest(server: MeilisearchServer, uid: str, filters: list[str]) -> Iterator[list[int]]:
    """Our ids, newest first day first, ads without one last, then by id; page by page.

    Raises:
        SearchUnavailableError: if the server does not answer, or what passes changes on the way.
    """
    _, total = server.fetch(uid, filters, FIELDS, 0)
    passed = 0
    for page in _list_days(server, uid, filters, FIRST_DAY, LAST_DAY):
        passed += len(page)
        yield page
    page = _read(server, uid, [*filters, WITHOUT_DAY])
    yield page
    if passed + len(page) != total:
        raise SearchUnavailableError("the search copy has changed meanwhile; ask again")


def _list_days(
    server: MeilisearchServer, uid: str, filters: list[str], first: int, last: int
) -> Iterator[list[int]]:
    """The ads that began between two days, in pieces of not too many."""
    here = [*filters, f"started_day {first} TO {last}"]
    _, total = server.fetch(uid, here, FIELDS, 0)
    if total > ADS_AT_ONCE and first < last:
        middle = (first + last) // 2
        yield from _list_days(server, uid, filters, middle + 1, last)
        yield from _list_days(server, uid, filters, first, middle)
    elif total:
        yield _read(server, uid, here)


def _read(server: MeilisearchServer, uid: str, filters: Sequence[str]) -> list[int]:
    rows: list[dict[str, Any]] = []
    while some := server.fetch(uid, list(filters), FIELDS, ADS_AT_ONCE, len(rows))[0]:
        rows += some
        if len(some) < ADS_AT_ONCE:
            break
    rows.sort(key=lambda row: (-(row["started_day"] or 0), row["ad_id"]))
    return [row["ad_id"] for row in rows]
