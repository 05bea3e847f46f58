"""The walk through Microsoft's Ad Library API: window of days by window, each ad asked for its details.

Scrapy runs it for the source `microsoft_ad_library`.
"""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass, replace
from datetime import UTC, date, datetime, timedelta
from typing import Any
from urllib.parse import urlencode, urlsplit

from scrapy import Request
from scrapy.http import Response

from archive.models.runs import Outcome
from config.counts import write_count
from scrapers.fetching.answers import NextStep, ResponseVerdict, classify_status
from scrapers.fetching.partition_spider import PartitionSpider
from scrapers.fetching.walk import walk_of
from scrapers.readers.envelopes import find_value, read_answer
from scrapers.readers.files import SourceFile
from scrapers.sources.searches import read_search
from scrapers.sources.spider import ReadingPage, Stop, page_readings, read_member
from scrapers.spiders.microsoft_ad_library.settings import CODES, MOST_CHARACTERS

API_PATH = "/api/v1/Ads"
FIRST_DAY = date(2023, 6, 1)
MOST_ROWS = 1_000
"""What one query gives at most; a window with more is halved."""
MOST_ADS = 100
ONE_DAY = timedelta(days=1)
DETAILS = "AdDetails($expand=ImpressionsByCountry,Targets)"


@dataclass(frozen=True)
class MicrosoftCursor:
    """How far a walk is: the days it asks about, the last `None`: until today, and ads to skip."""

    first_on: date
    last_on: date | None
    skip: int = 0

    @classmethod
    def read(cls, text: str | None) -> "MicrosoftCursor":
        """The place that a cursor spells; without one the beginning."""
        if not text:
            return cls(FIRST_DAY, None)
        first, last, skip = text.split(":")
        last_on = date.fromisoformat(last) if last else None
        return cls(date.fromisoformat(first), last_on, int(skip))

    def spell(self) -> str:
        """The place as a cursor."""
        return f"{self.first_on}:{self.last_on or ''}:{self.skip}"

    def halve(self, today: date) -> "MicrosoftCursor | None":
        """The earlier half of the window; `None` where it is a single day."""
        last_on = self.last_on or today
        if last_on <= self.first_on:
            return None
        return MicrosoftCursor(self.first_on, self.first_on + (last_on - self.first_on) // 2)

    def find_next(self, today: date) -> "MicrosoftCursor | None":
        """The window after this one, as wide as it; `None` at the end."""
        if self.last_on is None:
            return None
        first_on = self.last_on + ONE_DAY
        last_on = first_on + (self.last_on - self.first_on)
        return MicrosoftCursor(first_on, last_on if last_on < today else None)


class MicrosoftSpider(PartitionSpider):
    """A walk over the ads of one search."""

    overfull_days = 0
    """Single days with more ads than a query gives."""

    def requests(self) -> Iterable[Request]:
        """The first window, or the place a walk goes on from."""
        place = MicrosoftCursor.read(self.cursor)
        return [self._list_ads(place) if place.skip else self._probe_window(place)]

    def classify_response(self, response: Response) -> ResponseVerdict:
        """What an answer means; an ad that is gone since it was listed is passed over."""
        if response.status == 404 and urlsplit(response.url).path.startswith(self._path_of_ads()):
            return ResponseVerdict(NextStep.LOST_PLACE, "the ad is gone")
        ad_answer = classify_status(response)
        if ad_answer.verdict == NextStep.READ and not is_answer(response.body):
            return ResponseVerdict(
                NextStep.SCHEMA, "Microsoft answered with neither an ad nor a list of ads"
            )
        return ad_answer

    def probe_window(
        self, response: Response, place: MicrosoftCursor
    ) -> Iterator[ReadingPage | Request]:
        """Whether a window has more ads than a query gives: then half of it is asked about."""
        if not list_ids(response):
            yield self._list_ads(place)
            return
        half = place.halve(self._find_today())
        if half is None:
            self.overfull_days += 1
            yield self._list_ads(place)
        else:
            yield ReadingPage([], response.meta["capture_id"], half.spell())
            yield self._probe_window(half)

    def read_list(
        self, response: Response, place: MicrosoftCursor
    ) -> Iterator[ReadingPage | Stop | Request]:
        """The ads of a page of the window, asked for one by one; then the next window."""
        ids = list_ids(response)
        if ids and place.skip < MOST_ROWS:
            yield self._show_ad(ids, place)
            return
        following = place.find_next(self._find_today())
        cursor = following.spell() if following else None
        yield ReadingPage([], response.meta["capture_id"], cursor)
        if following:
            yield self._probe_window(following)
        elif self.overfull_days:
            days = write_count(self.overfull_days, "day has", "days have")
            reason = f"{days} more than {MOST_ROWS:,} ads each"
            yield Stop(Outcome.PARTIAL, f"{reason}: Microsoft gives no more of them")

    def read_details(
        self, response: Response, ids: list[str], place: MicrosoftCursor
    ) -> Iterator[ReadingPage | Request]:
        """What one ad says, then the next of the page, or the next page."""
        after = replace(place, skip=place.skip + 1)
        file = SourceFile.from_bytes("ad.json", response.body)
        readings = read_member(self.source, file) if response.status == 200 else iter(())
        for page in page_readings(readings, response.meta["capture_id"]):
            yield replace(page, cursor=after.spell())
        yield self._show_ad(ids[1:], after) if ids[1:] else self._list_ads(after)

    def _probe_window(self, place: MicrosoftCursor) -> Request:
        query = self._ask(place, skip=MOST_ROWS, top=1)
        return self._request(query, self.probe_window, place=place)

    def _list_ads(self, place: MicrosoftCursor) -> Request:
        query = self._ask(place, skip=place.skip, top=MOST_ADS)
        return self._request(query, self.read_list, place=place)

    def _show_ad(self, ids: list[str], place: MicrosoftCursor) -> Request:
        query = f"/{ids[0]}?{urlencode({'$expand': DETAILS})}"
        return self._request(query, self.read_details, ids=ids, place=place)

    def _ask(self, place: MicrosoftCursor, *, skip: int, top: int) -> str:
        search = read_search(self.partition, CODES, MOST_CHARACTERS)
        query = {
            "searchText": search.words,
            "countryCodes": CODES[search.country],
            "startDate": place.first_on,
            "endDate": place.last_on,
            "top": top,
            "skip": skip,
        }
        return "?" + urlencode({name: value for name, value in query.items() if value is not None})

    def _request(self, rest: str, callback: Any, **given: Any) -> Request:  # noqa: ANN401 (Scrapy's)
        return Request(
            f"{self.address}{API_PATH}{rest}",
            callback=callback,
            cb_kwargs=given,
            meta={"handle_httpstatus_list": [404]},
            dont_filter=True,
        )

    def _path_of_ads(self) -> str:
        return f"{urlsplit(self.address).path}{API_PATH}/"

    def _find_today(self) -> date:
        now: datetime = walk_of(self.crawler).intake.clock()
        return now.astimezone(UTC).date()


def is_answer(body: bytes) -> bool:
    """Whether it is an ad, or a list of ads that all have an id: a list that is none has no end."""
    answer = read_answer(body) or {}
    listed = answer.get("value", [answer])
    return isinstance(listed, list) and all(
        isinstance(ad, dict) and str(ad.get("AdId")).isdecimal() for ad in listed
    )


def list_ids(response: Response) -> list[str]:
    """The ids of the ads that an answer lists, as `is_answer` has found them."""
    listed = find_value(read_answer(response.body), ["value"])
    return [str(ad["AdId"]) for ad in listed] if isinstance(listed, list) else []
