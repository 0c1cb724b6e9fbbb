"""Whether a request comes from this machine and was meant for it."""

from ipaddress import ip_address
from typing import Final

LOCAL_NAMES: Final = frozenset({"localhost", "127.0.0.1", "[::1]"})


def is_local(client: str | None, host: str | None) -> bool:
    """Whether both the client's address and the Host header are of this machine.

    The header matters because of DNS rebinding: a page of another site can make a browser here
    call a name that suddenly means 127.0.0.1, but the browser still sends that name.
    """
    return _is_loopback(client) and _name_of(host) in LOCAL_NAMES


def _is_loopback(client: str | None) -> bool:
    try:
        return client is not None and ip_address(client).is_loopback
    except ValueError:
        return False


def _name_of(host: str | None) -> str:
    """Take the port off a Host header."""
    if host is None:
        return ""
    name, bracket, rest = host.lower().partition("]")
    if bracket:
        return name + bracket if not rest or rest.startswith(":") else ""
    return name.partition(":")[0]
