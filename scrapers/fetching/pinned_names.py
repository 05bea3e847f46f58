"""Names of hosts as they were checked: a crawl connects to these network addresses and to no other.

`GuardMiddleware` looks a name up before each request, redirects included; a crawl's way to the network
(`downloads.py`) takes what it found from here, and looks up no source's name itself. Only the operator's
own proxy is found in the usual way: it is no source, and may be on a private network.
"""

import asyncio
import socket
from urllib.parse import urlsplit
from urllib.request import getproxies

from aiohttp.abc import AbstractResolver, ResolveResult
from aiohttp.resolver import ThreadedResolver as AiohttpResolver

from scrapers.fetching.network_addresses import find_addresses


class PinnedNames:
    """The network addresses of each name that one crawl has checked."""

    def __init__(self, *, allow_loopback: bool) -> None:
        self._allow_loopback = allow_loopback
        self._found: dict[str, list[str]] = {}
        # Whoever asks the replica goes through no proxy.
        self._proxies = frozenset() if allow_loopback else list_proxies()

    async def pin(self, host: str) -> None:
        """Look a name up, and keep what it stands for until it is pinned again.

        Raises:
            NotFetchedError: if it stands for no address, or for one that is not allowed.
        """
        found = await asyncio.to_thread(find_addresses, host, allow_loopback=self._allow_loopback)
        self._found[host] = found

    def find(self, host: str) -> list[str]:
        """The checked addresses of a name; none for a name that was not checked."""
        return self._found.get(host.lower().strip("[]"), [])

    def is_proxy(self, host: str) -> bool:
        """Whether the name is that of the operator's proxy."""
        return host.lower() in self._proxies


def list_proxies() -> frozenset[str]:
    """Hosts of the proxies that the environment names, as Scrapy reads them."""
    hosts = (
        urlsplit(address if "://" in address else f"//{address}").hostname
        for address in getproxies().values()
    )
    return frozenset(host for host in hosts if host)


class AiohttpPins(AbstractResolver):
    """The resolver of a crawl's download handler."""

    def __init__(self, names: PinnedNames) -> None:
        self._names = names
        self._usual = AiohttpResolver()

    async def resolve(
        self, host: str, port: int = 0, family: socket.AddressFamily = socket.AF_INET
    ) -> list[ResolveResult]:
        """The checked addresses.

        Raises:
            OSError: if there are none.
        """
        if self._names.is_proxy(host):
            return await self._usual.resolve(host, port, family)
        found = self._names.find(host)
        if not found:
            raise OSError(f"the name {host} was not found, or not checked")
        return [describe_address(host, address, port) for address in found]

    async def close(self) -> None:
        """Nothing is open."""


def describe_address(host: str, address: str, port: int) -> ResolveResult:
    """A checked address as aiohttp connects to it."""
    return ResolveResult(
        hostname=host,
        host=address,
        port=port,
        family=socket.AF_INET6 if ":" in address else socket.AF_INET,
        proto=socket.IPPROTO_TCP,
        flags=socket.AI_NUMERICHOST | socket.AI_NUMERICSERV,
    )
