"""The walk through TikTok's Commercial Content API: a token, then page by page, on by `search_id`.

Scrapy runs it for the source `tiktok_commercial_content`.
"""

from collections.abc import AsyncIterator, Iterable, Iterator
from typing import Any
from urllib.parse import urlencode

from pydantic import SecretStr
from scrapy import FormRequest, Request
from scrapy.http import JsonRequest, Response
from scrapy.http.request import NO_CALLBACK

from archive.models.runs import Outcome
from scrapers.fetching.answers import NextStep, ResponseVerdict, classify_status
from scrapers.fetching.partition_spider import PartitionSpider
from scrapers.fetching.walk import walk_of
from scrapers.readers.envelopes import find_value, read_answer
from scrapers.readers.files import SourceFile
from scrapers.sources.searches import read_search
from scrapers.sources.spider import ReadingPage, Stop, page_readings, read_member
from scrapers.spiders.tiktok_commercial_content.settings import (
    COUNTRIES,
    MOST_CHARACTERS,
    TikTokSettings,
)
from scrapers.spiders.tiktok_commercial_content.spider import FIELDS, TikTokCommercialContentSpider

TOKEN_PATH = "/v2/oauth/token/"  # noqa: S105 (an address)
QUERY_PATH = "/v2/research/adlib/ad/query/"
FIRST_DAY = "20221001"
"""The library has no ads that were published before."""
MOST_ADS = 50

VERDICTS = {
    "access_token_invalid": NextStep.AUTH,
    "scope_not_authorized": NextStep.AUTH,
    "scope_permission_missed": NextStep.AUTH,
    "rate_limit_exceeded": NextStep.QUOTA,
    "daily_quota_limit_exceeded": NextStep.QUOTA,
    "internal_error": NextStep.TRANSIENT,
    "timeout": NextStep.TRANSIENT,
}
FINE = frozenset({"", "ok"})


class TikTokSpider(PartitionSpider):
    """A walk over the ads of one search."""

    def requests(self) -> Iterable[Request]:
        """For a token: everything after it is asked with the token in a header.

        It has no callback, so that neither the answer nor anything of it is kept.
        """
        settings = self.archive_settings
        secret = TikTokCommercialContentSpider.read_secret(settings).value
        key = settings.of(TikTokSettings).client_key or SecretStr("")
        form = {
            "client_key": key.get_secret_value(),
            "client_secret": secret.get_secret_value(),
            "grant_type": "client_credentials",
        }
        address = f"{self.address}{TOKEN_PATH}"
        return [FormRequest(address, formdata=form, callback=NO_CALLBACK)]

    async def start(self) -> AsyncIterator[Any]:
        """Get a token, then ask for the first page, or the one a walk goes on with."""
        try:
            (request,) = self.requests()
            response = await self.crawler.engine.download_async(request)
        except Exception as error:  # noqa: BLE001 (Scrapy raises whatever the connection does)
            reason = f"TikTok gave no token ({type(error).__name__}: {error})"
            yield Stop(Outcome.FAILED, reason)
            return
        answer = read_answer(response.body) or {}
        token = answer.get("access_token")
        if response.status != 200 or not isinstance(token, str):
            # A wrong secret is told with status 200.
            code = str(answer.get("error", f"status {response.status}"))[:80]
            yield Stop(Outcome.BLOCKED, f"TikTok gave no token for this key and secret ({code})")
            return
        self._token = SecretStr(token)
        walk = walk_of(self.crawler)
        if walk.secret:
            # An answer may repeat what it was asked with.
            walk.secret.others.append(self._token)
        self._last_day = f"{walk.intake.clock():%Y%m%d}"
        yield self._ask(self.cursor)

    def classify_response(self, response: Response) -> ResponseVerdict:
        """What an answer means, by the code in its body; a search that is forgotten starts over."""
        error = find_value(read_answer(response.body), ["error"])
        if not isinstance(error, dict):
            ad_answer = classify_status(response)
            reason = "TikTok answered with something that is no JSON"
            return (
                ad_answer
                if ad_answer.verdict != NextStep.READ
                else ResponseVerdict(NextStep.SCHEMA, reason)
            )
        code, message = str(error.get("code", "")), str(error.get("message", ""))[:200]
        if code in FINE and response.status == 200:
            return ResponseVerdict(NextStep.READ)
        if "search_id" in message:
            return ResponseVerdict(NextStep.LOST_PLACE, message)
        verdict = VERDICTS.get(code, NextStep.SCHEMA)
        return ResponseVerdict(verdict, f"TikTok answered {code or response.status}: {message}")

    def read_page(self, response: Response) -> Iterator[ReadingPage | Stop | Request]:
        """What a page says, then where to go on."""
        capture_id = response.meta["capture_id"]
        data = find_value(read_answer(response.body), ["data"])
        if response.status != 200 or not isinstance(data, dict):
            yield ReadingPage([], capture_id, cursor=None)
            yield Stop(Outcome.PARTIAL, "TikTok has forgotten the search; the next run starts over")
            return
        cursor = data.get("search_id") if data.get("has_more") else None
        file = SourceFile.from_bytes("query.json", response.body)
        for page in page_readings(read_member(self.source, file), capture_id):
            yield ReadingPage(page.readings, capture_id, cursor)
        if cursor == response.meta["cursor"] is not None:
            yield Stop(Outcome.PARTIAL, "TikTok's search leads to itself, an endless loop")
        elif cursor:
            yield self._ask(cursor)

    def _ask(self, cursor: str | None) -> Request:
        """The page after a cursor, its token in a header that nobody keeps."""
        search = read_search(self.partition, COUNTRIES, MOST_CHARACTERS)
        body: dict[str, Any] = {
            "filters": {
                "ad_published_date_range": {"min": FIRST_DAY, "max": self._last_day},
                "country_code": search.country,
            },
            "search_term": search.words,
            "max_count": MOST_ADS,
        }
        return JsonRequest(
            f"{self.address}{QUERY_PATH}?{urlencode({'fields': FIELDS})}",
            method="POST",
            data=body | ({"search_id": cursor} if cursor else {}),
            headers={"Authorization": f"Bearer {self._token.get_secret_value()}"},
            callback=self.read_page,
            meta={"cursor": cursor, "handle_httpstatus_list": [400]},
            dont_filter=True,
        )
