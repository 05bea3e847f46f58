"""Fetches for Scrapy: files go to disk as they come, a walk's secret onto the wire and nowhere else.

Scrapy calls `SpoolingDownloadHandler` for every request (`crawling.py` names it). Nothing here tries
again or follows a redirect: the middlewares do, for these requests as for all others.
"""

import asyncio
import zlib
from collections.abc import Iterator
from contextlib import contextmanager

from aiohttp import (
    ClientError,
    ClientPayloadError,
    ClientResponse,
    ClientSession,
    ClientTimeout,
    TCPConnector,
)
from aiohttp import DummyCookieJar as NoCookies
from scrapy import Request
from scrapy.core.downloader.handlers.base import BaseDownloadHandler
from scrapy.core.downloader.handlers.http11 import HTTP11DownloadHandler
from scrapy.crawler import Crawler
from scrapy.exceptions import (
    DownloadCancelledError,
    DownloadFailedError,
    DownloadTimeoutError,
    IgnoreRequest,
    ResponseDataLossError,
)
from scrapy.http import Headers, Response
from scrapy.responsetypes import responsetypes

from archive.store.outages import DiskFullError, plain_failures
from scrapers.fetching.answers import read_range, read_strong_validator
from scrapers.fetching.partition_spider import PartitionSpider
from scrapers.fetching.pinned_names import AiohttpPins, pin_twisted
from scrapers.fetching.spooled import SPOOL, SpooledResponse
from scrapers.fetching.spooling import BodyPart, Rest, Spool, name_part
from scrapers.fetching.unpacking import BodyUnpacker
from scrapers.fetching.walk import walk_of
from scrapers.readers.files import ZipBombError
from scrapers.sources.signing import Secret

SILENCE_SECONDS = 120.0
"""A source that sends nothing for so long has broken off."""
LONGEST_REFUSAL_BYTES = 1 << 20
"""What is kept of an answer that is not the file."""
PASSING_HEADERS = ("Content-Encoding", "Content-Length", "Content-Range")
"""They speak of the bytes on the wire, not of the whole file that lies on disk."""


class WrongPieceError(DownloadFailedError):
    """A source did not go on where it was asked to."""


OF_NO_USE = (DiskFullError, DownloadCancelledError, WrongPieceError, ZipBombError)
"""After these a body is not gone on with: it would take the room, outgrow it or not fit again."""


class SigningDownloadHandler(HTTP11DownloadHandler):
    """Scrapy's own handler, with the walk's secret added to each request it sends."""

    def __init__(self, crawler: Crawler) -> None:
        super().__init__(crawler)
        walk = walk_of(crawler)
        self._secret = walk.secret
        pin_twisted(walk.names)

    async def download_request(self, request: Request) -> Response:
        """Fetch, signed if the walk has a secret.

        Only here is an address with a secret in it ever seen. Requests, responses, captures, exceptions
        and log lines carry the address without.
        """
        if self._secret is None or request.url.endswith("/robots.txt"):
            return await super().download_request(request)
        signed = request.replace(url=self._secret.sign_url(request.url))
        try:
            response = await super().download_request(signed)
        except Exception as error:  # noqa: BLE001 (a timeout's text names the address; others may)
            raise DownloadFailedError(self._secret.hide_in_text(str(error))) from None
        return clean_response(response, request, self._secret)


def clean_response(response: Response, request: Request, secret: Secret) -> Response:
    """The answer as if the request had carried no secret; the body is cleaned once it is unpacked."""
    headers = {
        name: [secret.hide_in_bytes(value) for value in values]
        for name, values in response.headers.items()
    }
    return response.replace(url=request.url, headers=headers)


class SpoolingDownloadHandler(BaseDownloadHandler):
    """Writes files to disk as they come; every other request goes to the signing handler.

    A walk with a secret keeps its answers in memory: they are cleaned of it before they touch the disk.
    """

    def __init__(self, crawler: Crawler) -> None:
        super().__init__(crawler)
        if not isinstance(crawler.spider, PartitionSpider):
            raise TypeError("a crawl is made by the spider of a source")
        settings = crawler.spider.archive_settings
        self._walk = walk_of(crawler)
        self._signing = SigningDownloadHandler(crawler)
        self._max_bytes = crawler.settings.getint("DOWNLOAD_MAXSIZE")
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
            ResponseDataLossError: if the body broke off; what came of it is gone on with next time.
            DownloadCancelledError, ZipBombError: if it is larger than any honest file.
            DiskFullError: if there is no room for it.
        """
        if SPOOL not in request.meta or self._walk.secret:
            return await self._signing.download_request(request)
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
        await self._signing.close()

    async def _fetch_file(self, request: Request, part: BodyPart) -> Response:
        self._session = self._session or ClientSession(
            # Names may be pinned anew for each request: nothing else may remember them.
            connector=TCPConnector(resolver=AiohttpPins(self._walk.names), use_dns_cache=False),
            auto_decompress=False,
            cookie_jar=NoCookies(),
        )
        rest = part.find_rest()
        headers = {name: value.decode("latin-1") for name, value in flat_headers(request)}
        proxy_login = headers.pop("Proxy-Authorization", None)
        total_seconds = request.meta.get("download_timeout")
        async with self._session.get(
            request.url,
            headers=headers | (rest.headers if rest else {}),
            timeout=ClientTimeout(total=total_seconds, sock_read=SILENCE_SECONDS),
            allow_redirects=False,
            proxy=request.meta.get("proxy"),
            proxy_headers={"Proxy-Authorization": proxy_login} if proxy_login else None,
        ) as answer:
            if answer.status not in {200, 206}:
                return await read_refusal(request, answer)
            await self._receive_body(answer, part, rest)
            return SpooledResponse(request.url, headers=headers_of_file(answer), part=part)

    async def _receive_body(
        self, answer: ClientResponse, part: BodyPart, rest: Rest | None
    ) -> None:
        """Write the body into the part until it is whole and on the disk."""
        unpacker = BodyUnpacker(answer.headers.get("Content-Encoding", "").strip().lower())
        length = await asyncio.to_thread(place_body, answer, part, rest, unpacker.is_packed)
        # The evidence store takes a copy, and a zip does not shrink in it.
        self._spool.check_room((length or 0) - part.size + (length or 0))
        if (length or 0) > self._max_bytes:
            raise DownloadCancelledError(tell_too_large(self._max_bytes))
        async for chunk in answer.content.iter_any():
            for piece in unpacker.unpack(chunk):
                part.write(piece)
                if part.size > self._max_bytes:
                    raise DownloadCancelledError(tell_too_large(self._max_bytes))
        if not unpacker.is_whole or (length is not None and part.size != length):
            raise ResponseDataLossError(f"{part.size:,} bytes came of {length or 'more'}")
        await asyncio.to_thread(part.sync)


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


async def read_refusal(request: Request, answer: ClientResponse) -> Response:
    """An answer that is not the file, as Scrapy's own handler would give it."""
    body = bytearray()
    async for chunk in answer.content.iter_any():
        body += chunk[: LONGEST_REFUSAL_BYTES - len(body)]
        if len(body) >= LONGEST_REFUSAL_BYTES:
            break
    headers = Headers(list(answer.headers.items()))
    kind = responsetypes.from_args(headers=headers, url=request.url, body=bytes(body))
    return kind(request.url, status=answer.status, headers=headers, body=bytes(body))


def headers_of_file(answer: ClientResponse) -> Headers:
    """What the answer says of the whole file."""
    headers = Headers(list(answer.headers.items()))
    for name in PASSING_HEADERS:
        headers.pop(name, None)
    return headers


def flat_headers(request: Request) -> Iterator[tuple[str, bytes]]:
    """Each header of a request once; of several values the last."""
    for name, values in request.headers.items():
        yield name.decode("latin-1").title(), values[-1]


def tell_too_large(max_bytes: int) -> str:
    """Why a download was given up."""
    return f"the file is larger than {max_bytes >> 20:,} MB: not downloaded"


@contextmanager
def plain_outages() -> Iterator[None]:
    """Turn the client's errors into Scrapy's, which the middlewares know."""
    try:
        yield
    except TimeoutError as error:
        raise DownloadTimeoutError(f"no answer in time ({type(error).__name__})") from error
    except (ClientPayloadError, zlib.error) as error:
        raise ResponseDataLossError(str(error)) from error
    except ClientError as error:
        raise DownloadFailedError(f"{type(error).__name__}: {error}") from error
