"""A crawl connects to the network addresses that were checked, whatever a name says a moment later."""

import asyncio
import socket

import pytest

from archive.models.runs import Outcome
from config.settings import Settings
from scrapers.fetching import network_addresses
from scrapers.fetching.network_addresses import NotFetchedError
from scrapers.fetching.pinned_names import AiohttpPins, PinnedNames
from scrapers.replica.serve import running_replica
from scrapers.work.crawl.children import FORKS
from tests.scrapers.crawls import Home, crawl_once

PUBLIC, OTHER, PUBLIC_V6 = "93.184.215.14", "93.184.215.15", "2606:2800:220:1::1"
HOST = "files.example"


def say_addresses(*addresses: str) -> list[tuple[object, ...]]:
    return [(socket.AF_INET, socket.SOCK_STREAM, 6, "", (each, 0)) for each in addresses]


def answer_names(monkeypatch: pytest.MonkeyPatch, *addresses: str) -> None:
    """From now on every name stands for these."""
    monkeypatch.setattr(socket, "getaddrinfo", lambda *_, **__: say_addresses(*addresses))
    monkeypatch.setattr(socket, "gethostbyname", lambda _: addresses[0])


@pytest.fixture
def names(monkeypatch: pytest.MonkeyPatch) -> PinnedNames:
    """A name was checked and was public; now it stands for this very machine."""
    monkeypatch.setenv("HTTPS_PROXY", "http://Proxy.internal:3128")
    pinned = PinnedNames(allow_loopback=False)
    answer_names(monkeypatch, PUBLIC_V6, PUBLIC, OTHER)
    asyncio.run(pinned.pin(HOST))
    answer_names(monkeypatch, "127.0.0.1")
    return pinned


def ask_aiohttp(names: PinnedNames, host: str) -> list[str]:
    async def ask() -> list[str]:
        return [found["host"] for found in await AiohttpPins(names).resolve(host, 443)]

    return asyncio.run(ask())


def test_what_was_checked_is_connected_to_though_the_name_has_moved(names: PinnedNames) -> None:
    assert ask_aiohttp(names, HOST) == [PUBLIC_V6, PUBLIC, OTHER]
    assert ask_aiohttp(names, "Files.example") == [PUBLIC_V6, PUBLIC, OTHER]


def test_a_name_that_was_not_checked_leads_nowhere(names: PinnedNames) -> None:
    with pytest.raises(OSError, match="not checked"):
        ask_aiohttp(names, "other.example")


def test_a_name_that_has_moved_to_this_machine_is_refused_when_it_is_asked_again(
    names: PinnedNames,
) -> None:
    with pytest.raises(NotFetchedError, match="not on the public internet"):
        asyncio.run(names.pin(HOST))


def test_only_the_operators_own_proxy_is_found_in_the_usual_way(names: PinnedNames) -> None:
    assert ask_aiohttp(names, "proxy.internal") == ["127.0.0.1"]
    assert not PinnedNames(allow_loopback=True).is_proxy("proxy.internal")


def test_a_replica_is_on_this_machine_or_is_not_asked(monkeypatch: pytest.MonkeyPatch) -> None:
    answer_names(monkeypatch, PUBLIC)
    with pytest.raises(NotFetchedError):
        asyncio.run(PinnedNames(allow_loopback=True).pin("localhost"))


def crawl_as_names_move(settings: Settings, source: str, partition: str, base_url: str) -> None:
    """A crawl in whose process the check finds the replica, and every later run-up finds nobody."""
    network_addresses.resolve_host = lambda _: ["127.0.0.1"]
    socket.getaddrinfo = lambda *_, **__: say_addresses("127.0.0.2")
    socket.gethostbyname = lambda _: "127.0.0.2"
    crawl_once(settings, source, partition, base_url)


@pytest.mark.parametrize(("source", "partition"), [("snap", "2026"), ("meta_ad_library", "US")])
def test_files_and_questions_go_where_the_check_has_been(
    home: Home, source: str, partition: str
) -> None:
    with running_replica() as url:
        address = f"{url.replace('127.0.0.1', 'localhost')}/{source}"
        process = FORKS.Process(
            target=crawl_as_names_move, args=(home.settings, source, partition, address)
        )
        process.start()
        process.join()
    (run,) = home.runs()
    assert (run.outcome, run.reason) == (Outcome.DONE, "")
