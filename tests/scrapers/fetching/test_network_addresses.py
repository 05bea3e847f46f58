"""No address of an ad leads the fetcher to a machine that is not on the public internet."""

import socket

import pytest

from archive.models.media import MediaState
from scrapers.fetching import network_addresses
from scrapers.fetching.network_addresses import NotFetchedError, find_target, is_public

PUBLIC = "93.184.215.14"

NOT_PUBLIC = [
    "127.0.0.1",
    "127.8.8.8",
    "0.0.0.0",
    "10.1.2.3",
    "172.16.0.1",
    "192.168.1.1",
    "169.254.169.254",
    "100.64.0.1",
    "224.0.0.1",
    "255.255.255.255",
    "::1",
    "::",
    "fe80::1",
    "fe80::1%eth0",
    "fc00::1",
    "fd00:ec2::254",
    "ff02::1",
    "::ffff:127.0.0.1",
    "::ffff:169.254.169.254",
    "64:ff9b::7f00:1",
    "64:ff9b::a9fe:a9fe",
    "2002:7f00:1::",
    "2002:a9fe:a9fe::1",
    "2001:0:5db8:d70e:0:0:80ff:fefe",
    "64:ff9b:1::5db8:d70e",
    "64:ff9b::a83f:8110",
    "::ffff:0:127.0.0.1",
    "::ffff:0:10.1.2.3",
    "::127.0.0.1",
    "168.63.129.16",
    "::ffff:168.63.129.16",
    "100.100.100.200",
    "192.0.0.192",
    "fd20:ce::254",
    "fec0::1",
    "3fff::1",
]


@pytest.fixture
def names(monkeypatch):
    """Names as a resolver knows them; the test fills them in."""
    known: dict[str, list[str]] = {}

    def resolve(host, port, **_):
        if host not in known:
            raise socket.gaierror(f"no {host}")
        return [(socket.AF_INET, socket.SOCK_STREAM, 6, "", (ip, port)) for ip in known[host]]

    monkeypatch.setattr(network_addresses.socket, "getaddrinfo", resolve)
    return known


@pytest.mark.parametrize("address", NOT_PUBLIC)
def test_a_private_address_is_not_public_however_it_is_written(address):
    assert not is_public(address)


@pytest.mark.parametrize(
    "address",
    [
        PUBLIC,
        "168.63.129.17",
        "192.0.1.1",
        "2606:2800:220:1::1",
        "64:ff9b::5db8:d70e",
        "::ffff:93.184.215.14",
        "::ffff:0:93.184.215.14",
        "2002:5db8:d70e::1",
    ],
)
def test_a_public_address_is_public(address):
    assert is_public(address)


def test_the_connection_goes_to_the_very_address_that_was_checked(names):
    names["cdn.example"] = [PUBLIC]

    target = find_target("https://cdn.example/a/b.png?size=1")

    assert target.network_address == PUBLIC
    assert (target.authority, target.port) == ("cdn.example", 443)
    assert target.path == "/a/b.png?size=1"


@pytest.mark.parametrize("address", NOT_PUBLIC)
def test_a_name_that_leads_to_a_private_address_is_refused(names, address):
    names["cdn.example"] = [PUBLIC, address]

    with pytest.raises(NotFetchedError, match="not on the public internet") as refused:
        find_target("https://cdn.example/a.png")

    assert refused.value.state == MediaState.UNSAFE


@pytest.mark.parametrize(
    ("url", "why"),
    [
        ("http://cdn.example/a.png", "https://"),
        ("ftp://cdn.example/a.png", "https://"),
        ("file:///etc/passwd", "https://"),
        ("data:image/png;base64,AAAA", "https://"),
        ("javascript:alert(1)", "https://"),
        ("//cdn.example/a.png", "https://"),
        ("https:///a.png", "https://"),
        ("", "https://"),
        ("https://someone:secret@cdn.example/a.png", "user name or a password"),
        ("https://cdn.example:port/a.png", "not one of the web"),
        ("https://[::1/a.png", "not one of the web"),
        ("https://cdn.example/\ud800.png", "not one of the web"),
        ("https://cdn.example:22/", "a port that is not the web's"),
        ("https://cdn.example:0/", "a port that is not the web's"),
        ("https://cdn.example:8443/a.png", "a port that is not the web's"),
    ],
)
def test_what_is_no_plain_https_address_is_refused(names, url, why):
    names["cdn.example"] = [PUBLIC]

    with pytest.raises(NotFetchedError, match=why) as refused:
        find_target(url)

    assert refused.value.state == MediaState.UNSAFE
    assert "secret" not in refused.value.reason


@pytest.mark.parametrize(("port", "meant"), [("", 443), (":443", 443), (":80", 80)])
def test_the_ports_of_the_web_are_asked(names, port, meant):
    names["cdn.example"] = [PUBLIC]

    assert find_target(f"https://cdn.example{port}/a.png").port == meant


def test_a_name_nobody_knows_may_be_known_later(names):
    with pytest.raises(NotFetchedError, match="cannot be found") as refused:
        find_target("https://nobody.example/a.png")

    assert refused.value.state == MediaState.UNREACHABLE


def test_signs_that_would_break_a_request_are_encoded(names):
    names["cdn.example"] = [PUBLIC]

    target = find_target("https://cdn.example/ä b\x7f?q=\u2028")

    assert target.path == "/%C3%A4%20b%7F?q=%E2%80%A8"


def test_for_the_replica_only_this_machine_by_plain_http_will_do(names):
    names["cdn.example"] = [PUBLIC]
    names["127.0.0.1"] = ["127.0.0.1"]

    assert find_target("http://127.0.0.1:8080/a", allow_loopback=True).authority == "127.0.0.1:8080"
    with pytest.raises(NotFetchedError):
        find_target("http://cdn.example/a", allow_loopback=True)
    with pytest.raises(NotFetchedError):
        find_target("https://127.0.0.1/a", allow_loopback=True)
