"""Ask an address that somebody else named: public hosts only, over TLS, little and soon.

Whoever names an address could name one of our own network. So the name is resolved once, every
address it has must be public, and the one that was checked is the one that is connected to.
"""

import asyncio
import socket
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from ipaddress import IPv4Address, IPv6Address, IPv6Network, ip_address
from typing import Final, TypeAlias
from urllib.parse import urlsplit

import httpx

from hub.kernel.errors import DomainError

PORT: Final = 443
ADDRESS_CHARACTERS_MAX: Final = 500

_WITH_IPV4_AT_THE_END: Final = tuple(map(IPv6Network, ("::/96", "64:ff9b::/96", "64:ff9b:1::/48")))
"""RFC 4291 2.5.5.1, RFC 6052, RFC 8215: translated to the address of IPv4 in their last 32 bits."""
_LAST_32_BITS: Final = 0xFFFF_FFFF

Resolve: TypeAlias = Callable[[str], Awaitable[list[str]]]


@dataclass(eq=False)
class AddressRefused(DomainError):
    """The address is not asked."""

    reason: str

    def __str__(self) -> str:
        """Say why."""
        return f"The address is not asked: {self.reason}."


@dataclass(frozen=True, slots=True)
class Limits:
    """How much may come back, and how long it may take in all."""

    bytes_max: int
    seconds: int


def check_address(address: str) -> str:
    """See that an address is one of https on its own port, and give its host.

    Errors: AddressRefused.
    """
    try:
        parts = urlsplit(address)
        host, port = parts.hostname, parts.port
    except ValueError:
        raise AddressRefused("it cannot be read") from None
    if len(address) > ADDRESS_CHARACTERS_MAX or not address.isascii() or not address.isprintable():
        raise AddressRefused(f"it has at most {ADDRESS_CHARACTERS_MAX} plain characters")
    if parts.scheme != "https" or not host or port not in (None, PORT):
        raise AddressRefused("it begins with https:// and uses the port of https")
    if "@" in parts.netloc or parts.fragment or "\\" in address:
        raise AddressRefused("it has no user, no fragment and no backslash")
    if _read_ip(host) is not None and not is_public(host):
        raise AddressRefused("its host is not on the public internet")
    return host


def is_public(text: str) -> bool:
    """Whether an IP address is one of the public internet, and of one machine."""
    address = _read_ip(text)
    return address is not None and all(map(_is_one_public, _led_to(address)))


async def resolve_host(host: str) -> list[str]:
    """Resolve a name to its addresses."""
    loop = asyncio.get_running_loop()
    found = await loop.getaddrinfo(host, PORT, type=socket.SOCK_STREAM)
    return [str(each[4][0]) for each in found]


async def fetch_public(
    address: str,
    *,
    limits: Limits,
    resolve: Resolve = resolve_host,
    transport: httpx.AsyncBaseTransport | None = None,
) -> bytes:
    """Get what lies at an address of the public internet; redirects are not followed.

    Errors: AddressRefused.
    """
    host = check_address(address)
    try:
        async with asyncio.timeout(limits.seconds):
            ip = await _choose_ip(host, resolve)
            async with httpx.AsyncClient(
                transport=transport, trust_env=False, follow_redirects=False, timeout=limits.seconds
            ) as http:
                return await _get(http, address, host=host, ip=ip, bytes_max=limits.bytes_max)
    except (OSError, TimeoutError, httpx.HTTPError, httpx.InvalidURL, UnicodeError):
        raise AddressRefused("nobody answered there in time") from None


async def _choose_ip(host: str, resolve: Resolve) -> str:
    found = await resolve(host)
    if not found or not all(map(is_public, found)):
        raise AddressRefused("its host is not on the public internet")
    return found[0]


async def _get(
    http: httpx.AsyncClient, address: str, *, host: str, ip: str, bytes_max: int
) -> bytes:
    # Connected to the address that was checked; the certificate must still be the name's.
    request = http.build_request(
        "GET",
        httpx.URL(address).copy_with(host=ip),
        headers={"host": host, "accept": "application/json", "accept-encoding": "identity"},
        extensions={"sni_hostname": host},
    )
    response = await http.send(request, stream=True)
    try:
        if response.status_code != httpx.codes.OK:
            raise AddressRefused(f"it answers {response.status_code} and not 200")
        body = bytearray()
        async for chunk in response.aiter_raw():
            body += chunk
            if len(body) > bytes_max:
                raise AddressRefused(f"its answer is longer than {bytes_max} bytes")
        return bytes(body)
    finally:
        await response.aclose()


def _is_one_public(address: IPv4Address | IPv6Address) -> bool:
    is_local = isinstance(address, IPv6Address) and address.is_site_local
    return address.is_global and not address.is_multicast and not is_local


def _led_to(address: IPv4Address | IPv6Address) -> list[IPv4Address | IPv6Address]:
    """List an address, and those of IPv4 that a gateway of ours may make of it."""
    if isinstance(address, IPv4Address):
        return [address]
    is_last = any(address in network for network in _WITH_IPV4_AT_THE_END)
    inner = [IPv4Address(int(address) & _LAST_32_BITS)] if is_last else []
    return [address, *inner, *filter(None, [address.sixtofour, *(address.teredo or ())])]


def _read_ip(text: str) -> IPv4Address | IPv6Address | None:
    try:
        address = ip_address(text)
    except ValueError:
        return None
    if isinstance(address, IPv6Address) and address.ipv4_mapped is not None:
        return address.ipv4_mapped
    return address
