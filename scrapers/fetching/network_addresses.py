"""Which network address may be fetched from: public ones only, checked before each request.

`scrapers/media/download.py` asks for media, `scrapers/fetching/pinned_names.py` for crawls, both again for
every redirect, and both connect to the very address that was checked, so that a name that changes its mind
between check and connection (DNS rebinding) gains nothing. Addresses in ads are hostile input.
"""

import ipaddress
import socket
from collections.abc import Container
from dataclasses import dataclass, replace
from urllib.parse import quote, urlsplit

from archive.models.media import MediaState

PORTS = {"https": 443, "http": 80}

EMBEDDED_IPV4 = tuple(
    ipaddress.ip_network(each) for each in ("64:ff9b::/96", "::ffff:0:0:0/96", "::/96")
)
"""IPv6 addresses whose last 32 bits are an IPv4 address, behind a translator (RFC 6052, RFC 7915) or as
they were once written (RFC 4291, 2.5.5.1)."""

FURTHER_PRIVATE = tuple(
    ipaddress.ip_network(each)
    for each in (
        "64:ff9b:1::/48",  # translators of a network's own (RFC 8215)
        "168.63.129.16/32",  # Azure's platform, seen from each of its machines
        "192.0.0.0/24",  # protocol assignments (RFC 6890); Oracle's metadata among them
        "192.88.99.0/24",  # relays of 6to4, given up (RFC 7526)
        "fec0::/10",  # site-local, given up (RFC 3879)
        "3fff::/20",  # documentation (RFC 9637)
        "5f00::/16",  # segment routing inside a network (RFC 9602)
    )
)
"""What `ipaddress` calls global although nobody on the public internet answers there."""

KEPT_BY_QUOTE = "%/:=&?~#+!$,;'@()*[]"
"""Signs of an address that stay as they are; white space and controls are percent-encoded."""


class NotFetchedError(Exception):
    """A file was not fetched: the state its run ends in, why, and whether a later run may find it."""

    def __init__(
        self,
        state: MediaState,
        reason: str,
        wait_seconds: float | None = None,
        *,
        is_busy: bool = False,
    ) -> None:
        super().__init__(reason)
        self.state = state
        self.reason = reason
        self.wait_seconds = wait_seconds
        """Seconds the server asks to wait; `None`: it says nothing."""
        self.is_busy = is_busy
        """The server asks us to come less often."""


@dataclass(frozen=True)
class Target:
    """One address taken apart, with the network address that was checked for it."""

    scheme: str
    host: str
    port: int
    path: str
    """Path and query, as the request line has them."""
    network_address: str

    @property
    def authority(self) -> str:
        """Host and port, as the Host header has them."""
        host = f"[{self.host}]" if ":" in self.host else self.host
        return host if self.port == PORTS[self.scheme] else f"{host}:{self.port}"


def find_target(url: str, *, allow_loopback: bool = False) -> Target:
    """Take an address apart, resolve its host, and refuse what is not a public https address.

    With `allow_loopback`, for the replica of the sources, plain http to this machine is allowed, and
    nothing else.

    Raises:
        NotFetchedError: if it is no such address or its name does not resolve.
    """
    wanted = "http" if allow_loopback else "https"
    target = _take_apart(url, {wanted})
    if not allow_loopback and target.port not in PORTS.values():
        raise NotFetchedError(MediaState.UNSAFE, "its address names a port that is not the web's")
    found = find_addresses(target.host, allow_loopback=allow_loopback)
    return replace(target, network_address=found[0])


def find_named_target(url: str) -> Target:
    """The same of an address of the operator's own, such as that of a webhook.

    A network address that stands in it, and is no name, was chosen: it may be private, by plain http, and
    on any port. A name is looked up, and what it leads to was not.

    Raises:
        NotFetchedError: if it is no such address or its name does not resolve.
    """
    target = _take_apart(url, PORTS)
    try:
        ipaddress.ip_address(target.host)
    except ValueError:
        return find_target(url)
    return replace(target, network_address=target.host)


def _take_apart(url: str, schemes: Container[str]) -> Target:
    """The parts of an address, not looked up yet."""
    try:
        parts = urlsplit(url)
        host, port = parts.hostname or "", parts.port
        path = quote(parts.path or "/", safe=KEPT_BY_QUOTE)
        query = f"?{quote(parts.query, safe=KEPT_BY_QUOTE)}" if parts.query else ""
    except ValueError:
        raise NotFetchedError(MediaState.UNSAFE, "its address is not one of the web") from None
    if parts.scheme not in schemes or not host:
        wanted = next(scheme for scheme in PORTS if scheme in schemes)
        raise NotFetchedError(MediaState.UNSAFE, f"its address does not begin with {wanted}://")
    if parts.username is not None or parts.password is not None:
        raise NotFetchedError(MediaState.UNSAFE, "its address holds a user name or a password")
    port = PORTS[parts.scheme] if port is None else port
    return Target(parts.scheme, host, port, path + query, "")


def find_addresses(host: str, *, allow_loopback: bool = False) -> list[str]:
    """The network addresses a host name stands for, each of them allowed, in the resolver's order.

    Raises:
        NotFetchedError: if it stands for none, or any of them is not allowed.
    """
    found = resolve_host(host)
    is_allowed = is_loopback if allow_loopback else is_public
    if not all(is_allowed(address) for address in found):
        raise NotFetchedError(
            MediaState.UNSAFE, "its address leads to a machine that is not on the public internet"
        )
    return found


def resolve_host(host: str) -> list[str]:
    """The network addresses a host name stands for, in the resolver's order.

    Raises:
        NotFetchedError: if it stands for none.
    """
    try:
        found = socket.getaddrinfo(host, None, type=socket.SOCK_STREAM)
    except (OSError, ValueError):
        raise NotFetchedError(
            MediaState.UNREACHABLE, "the name in its address cannot be found"
        ) from None
    return [str(entry[4][0]) for entry in found]


def is_public(address: str) -> bool:
    """Whether a network address is on the public internet, whichever way it is written.

    Private, link-local (cloud metadata among them), loopback, shared, reserved and multicast addresses
    are not, nor are IPv6 forms that carry one of these.
    """
    ip = ipaddress.ip_address(address.partition("%")[0])
    if isinstance(ip, ipaddress.IPv6Address):
        carried = [part for part in (ip.ipv4_mapped, ip.sixtofour) if part]
        carried += list(ip.teredo or ())
        if any(ip in network for network in EMBEDDED_IPV4):
            carried.append(ipaddress.IPv4Address(int(ip) & 0xFFFF_FFFF))
        if carried:
            return all(is_public(str(part)) for part in carried)
    is_private = any(ip in network for network in FURTHER_PRIVATE)
    return ip.is_global and not ip.is_multicast and not is_private


def is_loopback(address: str) -> bool:
    """Whether a network address is this machine's own."""
    return ipaddress.ip_address(address.partition("%")[0]).is_loopback
