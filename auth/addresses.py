"""Where a request comes from: who is connected, or what a proxy that is trusted says of it."""

import re
from collections.abc import Sequence
from enum import StrEnum
from ipaddress import IPv4Address, IPv4Network, IPv6Address, IPv6Network, ip_address, ip_network
from typing import Final, TypeAlias

from starlette.datastructures import Headers
from starlette.requests import HTTPConnection
from starlette.types import ASGIApp, Receive, Scope, Send

Network: TypeAlias = IPv4Network | IPv6Network
Address: TypeAlias = IPv4Address | IPv6Address


class ProxyHeader(StrEnum):
    """Where a proxy adds who was connected to it.

    One alone is read: a proxy hands on the other as it came, and anybody can have written it.
    """

    X_FORWARDED_FOR = "x-forwarded-for"
    FORWARDED = "forwarded"


HOPS_MAX: Final = 20
"""The last so many hops are looked at; a header may be as long as somebody likes."""

_NODE: Final = re.compile(r'"(?P<quoted>[^"\\]+)"|(?P<plain>[^"\\]+)')
SITE_BITS: Final = 64
"""Whoever has one address of IPv6 has all that begin with the same 64 bits."""


class BehindProxies:
    """Lets a request come from where the trusted proxies before the hub say that it does."""

    def __init__(self, app: ASGIApp, *, trusted: Sequence[Network], header: ProxyHeader) -> None:
        self._app = app
        self._trusted = tuple(trusted)
        self._header = header

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Go on, from the right address."""
        client = scope.get("client")
        if client is not None and scope["type"] in {"http", "websocket"}:
            forwarded = Headers(scope=scope).getlist(self._header)
            if self._header is ProxyHeader.FORWARDED:
                forwarded = [list_nodes(line) for line in forwarded]
            found = find_client(client[0], forwarded, self._trusted)
            scope = {**scope, "client": (found, client[1])}
        await self._app(scope, receive, send)


def find_client(peer: str, forwarded: Sequence[str], trusted: Sequence[Network]) -> str:
    """Find where a request comes from: the last hop that no trusted proxy stands for.

    Each proxy adds the address that was connected to it at the end. So the end is believed as long
    as whoever wrote it is trusted; anything before that anybody can have written.
    """
    hops = [hop.strip() for line in forwarded for hop in line.split(",")][-HOPS_MAX:]
    found = peer
    while hops and _is_trusted(found, trusted):
        address = _read(hops.pop())
        if address is None:
            return found
        found = str(address)
    return found


def list_nodes(line: str) -> str:
    """List whom the elements of a `Forwarded` header (RFC 7239) are for, as the older header does.

    An address has no comma, in quotes neither: so what a client began with a quote ends before what
    a proxy added. An element that cannot be read names nobody.
    """
    return ",".join(map(_node_of, line.split(",")))


def _node_of(element: str) -> str:
    pairs = [pair.partition("=") for pair in element.split(";")]
    nodes = [value.strip() for name, _, value in pairs if name.strip().lower() == "for"]
    found = _NODE.fullmatch(nodes[0]) if len(nodes) == 1 else None
    return "" if found is None else found["quoted"] or found["plain"]


def read_networks(text: str) -> tuple[Network, ...]:
    """Read networks with commas between them.

    Errors: ValueError.
    """
    return tuple(ip_network(each.strip()) for each in text.split(",") if each.strip())


def address_of(request: HTTPConnection) -> str:
    """Name where a request comes from, as limits count it."""
    return name_address(request.client.host if request.client else None)


def name_address(host: str | None) -> str:
    """Name an address as limits count it: IPv6 by its site, a mapped one as IPv4."""
    address = None if host is None else _read(host)
    if address is None:
        return host or ""
    if isinstance(address, IPv6Address):
        return str(ip_network((address, SITE_BITS), strict=False))
    return str(address)


def _is_trusted(host: str, trusted: Sequence[Network]) -> bool:
    address = _read(host)
    return address is not None and any(address in network for network in trusted)


def _read(text: str) -> Address | None:
    """Read an address, with its port or without."""
    plain = text.partition("%")[0]
    if plain.startswith("["):
        plain = plain[1:].partition("]")[0]
    elif plain.count(":") == 1:
        plain = plain.partition(":")[0]
    try:
        address = ip_address(plain)
    except ValueError:
        return None
    mapped = address.ipv4_mapped if isinstance(address, IPv6Address) else None
    return mapped or address
