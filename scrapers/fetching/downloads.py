"""Fetches for Scrapy: files go to disk as they come, a walk's secret onto the wire and nowhere else.

Scrapy calls `SpoolingDownloadHandler` for every request (`crawling.py` names it). Nothing here tries
again or follows a redirect: the middlewares do, for these requests as for all others.
"""

import asyncio
import zlib
from collections.abc import Iterator
from contextlib import AbstractAsyncContextManager, contextmanager

from aiohttp import (
    ClientError,
    ClientPayloadError,
    ClientResponse,
    ClientResponseError,
    ClientSession,
    ClientTimeout,
    TCPConnector,
)
from aiohttp import DummyCookieJar as NoCookies
from scrapy import Request
from scrapy.core.downloader.handlers.base import BaseDownloadHandler
from scrapy.crawler import Crawler
from scrapy.exceptions import (
    DownloadCancelledError,
    DownloadFailedError,
    DownloadTimeoutError,
    IgnoreRequest,
    ResponseDataLossError,
)
from scrapy.http import Response
from yarl import URL

from archive.bounds import ANSWER, DOWNLOAD, HEADER, HEADERS, REFUSAL, ROBOTS, Bound
from archive.store.outages import DiskFullError, plain_failures
from scrapers.fetching.answers import read_range, read_strong_validator
from scrapers.fetching.held_answers import (
    LEFT_PACKED,
    check_most,
    headers_of_file,
    hold_answer,
    read_encoding,
)
from scrapers.fetching.partition_spider import PartitionSpider
from scrapers.fetching.pinned_names import AiohttpPins
from scrapers.fetching.spooled import SPOOL, SpooledResponse
from scrapers.fetching.spooling import BodyPart, Rest, Spool, name_part
from scrapers.fetching.unpacking import BodyUnpacker
from scrapers.fetching.walk import walk_of
from scrapers.readers.files import BoundError
from scrapers.sources.signing import Secret

SILENCE_SECONDS = 120.0
"""A source that sends nothing for so long has broken off."""
NO_HTTP = (
    f"its answer is no HTTP, or has more than {HEADERS.most} {HEADERS.name}, "
    f"or more than {HEADER.most:,} {HEADER.name}"
)


class WrongPieceError(DownloadFailedError):
    """A source did not go on where it was asked to."""


OF_NO_USE = (DiskFullError, DownloadCancelledError, WrongPieceError, BoundError)
"""After these a body is not gone on with: it would take the room, outgrow it or not fit again."""


class SpoolingDownloadHandler(BaseDownloadHandler):
    """Writes files to disk as they come, and holds every other answer in memory, up to a bound.

    A walk with a secret keeps its answers in memory: they are cleaned of it before they touch the disk.
    """

    def __init__(self, crawler: Crawler) -> None:
        super().__init__(crawler)
        if not isinstance(crawler.spider, PartitionSpider):
            raise TypeError("a crawl is made by the spider of a source")
        settings = crawler.spider.archive_settings
        self._walk = walk_of(crawler)
        self._session: ClientSession | None = None
        self._spool = Spool(settings.spool_dir, settings.disk_reserve_mb << 20)
        self._spool.sweep(self._walk.intake.clock())

    async def download_request(self, request: Request) -> Response:
        """Fetch, until the walk is stopped.

        Raises:
            IgnoreRequest: if it was stopped meanwhile.
        """
        fetching = asyncio.ensure_future(self._fetch(request))
        self._walk.downloads.add(fetching)
        try:
            return await fetching
        except asyncio.CancelledError:
            if self._walk.is_over:
                raise IgnoreRequest("the walk is over") from None
            raise
        finally:
            self._walk.downloads.discard(fetching)

    async def _fetch(self, request: Request) -> Response:
        """Fetch, to disk if the request is for a file.

        Raises:
            DownloadFailedError, DownloadTimeoutError: if the source could not be asked.
            ResponseDataLossError: if the body of a file broke off; what came of it is gone on with next
                time.
            DownloadCancelledError, BoundError: if it is larger than any honest file, or no HTTP.
            DiskFullError: if there is no room for it.
        """
        if request.url.endswith("/robots.txt"):
            return await self._hold_answer(request, ROBOTS)
        if self._walk.secret:
            return await self._fetch_signed(request, self._walk.secret)
        if SPOOL not in request.meta:
            return await self._hold_answer(request, ANSWER)
        lease = self._walk.intake.lease
        name = name_part(lease.source, lease.partition, request.meta[SPOOL])
        part = self._spool.open_part(name, lease.run_id)
        try:
            with plain_failures(), plain_outages():
                response = await self._fetch_file(request, part)
        except OF_NO_USE:
            part.discard()
            raise
        except BaseException:
            part.close()
            raise
        if not isinstance(response, SpooledResponse):
            part.close()
        return response

    async def close(self) -> None:
        """Close all connections."""
        if self._session:
            await self._session.close()

    def _ask(
        self, request: Request, further_headers: dict[str, str]
    ) -> AbstractAsyncContextManager[ClientResponse]:
        """The request on the wire."""
        self._session = self._session or ClientSession(
            # Names may be pinned anew for each request: nothing else may remember them.
            connector=TCPConnector(resolver=AiohttpPins(self._walk.names), use_dns_cache=False),
            auto_decompress=False,
            cookie_jar=NoCookies(),
            max_line_size=HEADER.most,
            max_field_size=HEADER.most,
            max_headers=HEADERS.most,
        )
        headers = {name: value.decode("latin-1") for name, value in flat_headers(request)}
        proxy_login = headers.pop("Proxy-Authorization", None)
        total_seconds = request.meta.get("download_timeout")
        return self._session.request(
            request.method,
            URL(request.url, encoded=True),
            data=request.body or None,
            headers=headers | further_headers,
            timeout=ClientTimeout(total=total_seconds, sock_read=SILENCE_SECONDS),
            allow_redirects=False,
            proxy=request.meta.get("proxy"),
            proxy_headers={"Proxy-Authorization": proxy_login} if proxy_login else None,
        )

    async def _fetch_signed(self, request: Request, secret: Secret) -> Response:
        """Fetch, with the walk's secret added.

        Only here is an address with a secret in it ever seen. Requests, responses, captures, exceptions
        and log lines carry the address without.
        """
        signed = request.replace(url=secret.sign_url(request.url))
        try:
            response = await self._hold_answer(signed, ANSWER)
        except (DownloadCancelledError, MemoryError):
            raise
        except Exception as error:  # noqa: BLE001 (whatever it says may repeat what was asked)
            raise DownloadFailedError(secret.hide_in_text(str(error))) from None
        return clean_response(response, request, secret)

    async def _hold_answer(self, request: Request, most: Bound) -> Response:
        with plain_outages():
            async with self._ask(request, {"Accept-Encoding": "gzip"}) as answer:
                return await hold_answer(request, answer, most)

    async def _fetch_file(self, request: Request, part: BodyPart) -> Response:
        rest = part.find_rest()
        async with self._ask(request, rest.headers if rest else {}) as answer:
            if answer.status not in {200, 206}:
                return await hold_answer(request, answer, REFUSAL)
            await self._receive_body(answer, part, rest)
            return SpooledResponse(request.url, headers=headers_of_file(answer), part=part)

    async def _receive_body(
        self, answer: ClientResponse, part: BodyPart, rest: Rest | None
    ) -> None:
        """Write the body into the part until it is whole and on the disk."""
        unpacker = BodyUnpacker(read_encoding(answer))
        length = await asyncio.to_thread(place_body, answer, part, rest, unpacker.is_packed)
        # The evidence store takes a copy, and a zip does not shrink in it.
        self._spool.check_room((length or 0) - part.size + (length or 0))
        check_most(length or 0, DOWNLOAD)
        async for chunk in answer.content.iter_any():
            for piece in unpacker.unpack(chunk):
                part.write(piece)
                check_most(part.size, DOWNLOAD)
        if not unpacker.is_whole or (length is not None and part.size != length):
            raise ResponseDataLossError(f"{part.size:,} bytes came of {length or 'more'}")
        await asyncio.to_thread(part.sync)


def clean_response(response: Response, request: Request, secret: Secret) -> Response:
    """The answer as if the request had carried no secret; its body is cleaned where it is kept."""
    headers = {
        name: [secret.hide_in_bytes(value) for value in values]
        for name, values in response.headers.items()
    }
    # In what is still packed nobody could find the secret.
    is_packed = any(flag.startswith(LEFT_PACKED) for flag in response.flags)
    body = b"" if is_packed else response.body
    return response.replace(url=request.url, headers=headers, body=body)


def place_body(
    answer: ClientResponse, part: BodyPart, rest: Rest | None, is_packed: bool
) -> int | None:
    """Make the part ready for the body; gives the length of the whole file, `None` if not declared.

    Raises:
        WrongPieceError: if the source sends another piece than was asked for.
    """
    validator = None if is_packed else read_strong_validator(answer.headers)
    if answer.status == 200:
        part.begin_anew(validator)
        return None if is_packed else answer.content_length
    start, length = read_range(answer.headers)
    if rest is None or start != rest.start or validator not in {None, rest.validator} or is_packed:
        raise WrongPieceError("it sent another piece of the file than was asked for")
    part.go_on(start)
    return length


def flat_headers(request: Request) -> Iterator[tuple[str, bytes]]:
    """Each header of a request once; of several values the last."""
    for name, values in request.headers.items():
        yield name.decode("latin-1").title(), values[-1]


@contextmanager
def plain_outages() -> Iterator[None]:
    """Turn the client's errors into Scrapy's, which the middlewares know."""
    try:
        yield
    except TimeoutError as error:
        raise DownloadTimeoutError(f"no answer in time ({type(error).__name__})") from error
    except (ClientPayloadError, zlib.error) as error:
        raise ResponseDataLossError(str(error)) from error
    except ClientResponseError as error:
        # What it says holds the address that was asked, and bytes of the answer.
        raise DownloadCancelledError(NO_HTTP) from error
    except ClientError as error:
        raise DownloadFailedError(f"{type(error).__name__}: {error}") from error
