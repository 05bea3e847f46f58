"""Meta's Ad Library API as the replica answers it: token, parameters, pages and cursors, budget.

`app.py` routes one address here. Behaviour follows the API's reference page and what collectors
report; where neither says what happens, the docstring says what was chosen.
"""

import base64
import re
from bisect import bisect_left
from collections.abc import Iterator, Mapping, Sequence
from itertools import islice
from typing import Any
from urllib.parse import urlencode

from starlette.requests import Request
from starlette.responses import JSONResponse, Response

from scrapers.replica.meta_ads import FIELDS, ArchivedAd, read_list, search_ads, show_fields
from scrapers.replica.meta_budget import CallBudget, write_usage
from scrapers.replica.meta_errors import ERRORS, MetaError, refuse_parameter

API_PATH = "/meta_ad_library/v26.0/ads_archive"
SNAPSHOT_PATH = "/meta_ad_library/ads/archive/render_ad/"

ACCESS_TOKEN = "FICTIONAL-TOKEN"  # noqa: S105 (it opens nothing but the replica)
"""The one token that is let in."""

UNCONFIRMED_TOKEN = "FICTIONAL-TOKEN-UNCONFIRMED"  # noqa: S105
"""The token of an app that has no access to the Ad Library."""

DEFAULT_LIMIT = 25
DEFAULT_FIELDS = "id,ad_snapshot_url"
"""What comes back where no `fields` are asked for; Meta does not say which these are."""

MOST_PAGE_IDS = 10
"""The reference page allows this many `search_page_ids` in one call."""

CURSOR_NUMBER = 1795392000
"""Real cursors carry a number of unknown meaning before the ad's id."""

USAGE_HEADER = "X-Business-Use-Case-Usage"


class AdsArchive:
    """The endpoint `ads_archive` over the ads of one day, newest (highest id) first.

    Only as many ads are crawled as a page needs, so they may be millions made on the way.
    """

    def __init__(self, ads: Sequence[ArchivedAd], budget: CallBudget) -> None:
        self._ads = ads
        self._budget = budget

    async def answer_request(self, request: Request) -> Response:
        """A page of ads, or the error the API would answer with; the usage header on both."""
        percent = self._budget.count_call()
        answer = ERRORS[613].to_response() if percent >= 100 else self._answer_query(request)
        answer.headers[USAGE_HEADER] = write_usage(percent)
        return answer

    def _answer_query(self, request: Request) -> Response:
        query = dict(request.query_params)
        # Set by the fault `remove_ad`: the ad is gone for this request.
        removed: str | None = getattr(request.state, "removed_ad", None)
        error = find_error(query) or find_dead_cursor(query, self._ads, removed)
        if error:
            return error.to_response()
        return JSONResponse(make_page(request, query, self._ads, removed))


def find_error(query: Mapping[str, str]) -> MetaError | None:
    """What the API would refuse a query for; the token is crawled first."""
    token = query.get("access_token")
    if token == UNCONFIRMED_TOKEN:
        return ERRORS[10]
    if token != ACCESS_TOKEN:
        return ERRORS[190]
    problem = find_search_problem(query) or find_field_problem(query)
    return refuse_parameter(problem) if problem else None


def find_search_problem(query: Mapping[str, str]) -> str | None:
    """What is wrong with the parameters that say which ads are wanted."""
    countries = read_list(query.get("ad_reached_countries", ""))
    if not countries:
        return "The parameter ad_reached_countries is required"
    for index, country in enumerate(countries):
        if not re.fullmatch(r"[A-Z]{2}|ALL", country):
            return f"Param ad_reached_countries[{index}] must be one of {{ALL, AU, BR, GB, US}}."
    if "search_terms" not in query and "search_page_ids" not in query:
        return "One of the parameters search_terms and search_page_ids is required"
    if len(read_list(query.get("search_page_ids", ""))) > MOST_PAGE_IDS:
        return f"Param search_page_ids must have at most {MOST_PAGE_IDS} elements."
    return None


def find_field_problem(query: Mapping[str, str]) -> str | None:
    """What is wrong with the parameters that say how ads are shown."""
    unknown = set(read_list(query.get("fields", ""))) - FIELDS
    if unknown:
        return f"Tried accessing nonexisting field ({min(unknown)})"
    limit = query.get("limit", str(DEFAULT_LIMIT))
    if not re.fullmatch(r"[1-9][0-9]{0,4}", limit):
        return "Param limit must be an integer greater than 0."
    return None


def find_dead_cursor(
    query: Mapping[str, str], ads: Sequence[ArchivedAd], removed: str | None
) -> MetaError | None:
    """A cursor dies with the ad it rests on. Which error the API gives for it is not documented."""
    if "after" not in query:
        return None
    ref = read_cursor(query["after"])
    if ref is not None and ref != removed and find_place(ads, ref) is not None:
        return None
    return refuse_parameter("Invalid cursor: after")


def find_place(ads: Sequence[ArchivedAd], ref: str) -> int | None:
    """Where an ad stands among ads ordered newest first."""
    place = bisect_left(ads, -int(ref), key=lambda ad: -int(ad.ref))
    return place if place < len(ads) and ads[place].ref == ref else None


def make_page(
    request: Request,
    query: Mapping[str, str],
    ads: Sequence[ArchivedAd],
    removed: str | None,
) -> dict[str, Any]:
    """The page a checked query asks for; the last one has a cursor but no `next`."""
    limit = int(query.get("limit", DEFAULT_LIMIT))
    found = list(islice(find_ads(query, ads, removed), limit + 1))
    shown = found[:limit]
    fields = read_list(query.get("fields") or DEFAULT_FIELDS)
    data = [show_fields(ad, fields, write_snapshot_url(request, ad.ref)) for ad in shown]
    if not shown:
        return {"data": []}
    cursor = write_cursor(shown[-1].ref)
    paging: dict[str, Any] = {"cursors": {"after": cursor}}
    if len(found) > limit:
        next_query = dict(query) | {"limit": str(limit), "after": cursor}
        paging["next"] = str(request.url.replace(query=urlencode(next_query)))
    return {"data": data, "paging": paging}


def find_ads(
    query: Mapping[str, str], ads: Sequence[ArchivedAd], removed: str | None
) -> Iterator[ArchivedAd]:
    """The ads a checked query finds behind its cursor; those before it are not crawled."""
    ref = read_cursor(query["after"]) if "after" in query else None
    place = None if ref is None else find_place(ads, ref)
    start = 0 if place is None else place + 1
    behind = (ads[index] for index in range(start, len(ads)))
    return search_ads((ad for ad in behind if ad.ref != removed), query)


def write_snapshot_url(request: Request, ref: str) -> str:
    """The address of an ad's rendering, with the caller's token inside as Meta gives it."""
    query = urlencode({"id": ref, "access_token": request.query_params["access_token"]})
    return f"{str(request.base_url).rstrip('/')}{SNAPSHOT_PATH}?{query}"


def write_cursor(ref: str) -> str:
    """The cursor that goes on after an ad: base64 within base64, each `=` written `ZD`."""
    inner = base64.b64encode(f"{CURSOR_NUMBER}:{ref}".encode())
    return base64.b64encode(b"scraping_cursor:" + inner).decode().replace("=", "ZD")


def read_cursor(cursor: str) -> str | None:
    """The ad a cursor goes on after; nothing if it is none that was written here."""
    # Each `=` that was written out makes the text one letter longer than a multiple of four.
    padding = len(cursor) % 4
    outer = cursor[: len(cursor) - 2 * padding] + "=" * padding
    try:
        inner = base64.b64decode(outer).removeprefix(b"scraping_cursor:")
        ref = base64.b64decode(inner).decode().partition(":")[2]
    except ValueError:
        return None
    return ref if ref.isdecimal() and write_cursor(ref) == cursor else None
