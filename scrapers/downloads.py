"""Fetches for Scrapy: a walk's secret goes into the address on the wire, and nowhere else.

Only this handler ever sees an address with a secret in it. Requests, responses, captures, exceptions
and log lines carry the address without.
"""

from scrapy import Request
from scrapy.core.downloader.handlers.http11 import HTTP11DownloadHandler
from scrapy.crawler import Crawler
from scrapy.exceptions import DownloadFailedError
from scrapy.http import Response

from scrapers.signing import Secret
from scrapers.walk import walk_of


class SigningDownloadHandler(HTTP11DownloadHandler):
    """Scrapy's own handler, with the walk's secret added to each request it sends."""

    def __init__(self, crawler: Crawler) -> None:
        super().__init__(crawler)
        self._secret = walk_of(crawler).secret

    async def download_request(self, request: Request) -> Response:
        """Fetch, signed if the walk has a secret."""
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
