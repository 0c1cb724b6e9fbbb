"""Addresses that others name: only public ones are asked, and little is taken from them."""

import gzip

import httpx
import pytest
from hypothesis import given
from hypothesis import strategies as st

from hub.kernel.outside import AddressRefused, Limits, check_address, fetch_public, is_public

LIMITS = Limits(bytes_max=100, seconds=5)
ADDRESS = "https://air.example/keys?x=1"


@pytest.mark.parametrize(
    "address",
    [
        "http://air.example/",
        "ftp://air.example/",
        "https://air.example:444/",
        "https://user:pass@air.example/",
        "https://air.example/#x",
        "https://air.example\\@10.0.0.1/",
        "https:///x",
        "https://[::1/",
        "https://air.example/\n",
        "https://ä.example/",
        "https://127.0.0.1/",
        "https://0.0.0.0/",
        "https://10.1.2.3/",
        "https://172.16.0.1/",
        "https://192.168.1.1/",
        "https://100.64.0.1/",
        "https://169.254.169.254/",
        "https://224.0.0.1/",
        "https://[::1]/",
        "https://[fe80::1]/",
        "https://[fc00::1]/",
        "https://[::ffff:127.0.0.1]/",
        "https://[::10.0.0.1]/",
        "https://[64:ff9b::10.0.0.1]/",
        "https://[64:ff9b:1::10.0.0.1]/",
        "https://[64:ff9b::169.254.169.254]/",
        "https://[2002:a00:1::]/",
        "https://[2002:7f00:1::1]/",
        "https://[2001:0:a00:1::]/",
        "https://[fec0::1]/",
        "https://[::]/",
        "https://[ff02::1]/",
        "https://air.example:0/",
        "https://air.example/" + "x" * 500,
    ],
)
def test_attack_51_an_address_that_is_never_asked(address):
    with pytest.raises(AddressRefused):
        check_address(address)


def test_a_public_address_is_told_by_its_host():
    assert check_address(ADDRESS) == "air.example"
    assert check_address("https://8.8.8.8/") == "8.8.8.8"


@given(st.ip_addresses(v=4))
def test_a_mapped_address_is_as_public_as_the_one_inside(address):
    assert is_public(f"::ffff:{address}") == is_public(str(address))


@given(st.ip_addresses(v=4))
def test_an_address_that_a_gateway_translates_is_never_more_public_than_the_one_inside(address):
    for outer in (f"64:ff9b::{address}", f"2002:{int(address) >> 16:x}:{int(address) & 65535:x}::"):
        assert is_public(outer) <= is_public(str(address)), outer


def serving(status, *, body=b"", **headers):
    """A host of the outside: what it was asked is kept."""
    asked = []

    async def send():
        yield body

    async def handle(request):
        asked.append(request)
        return httpx.Response(status, content=send(), headers=headers)

    return asked, httpx.MockTransport(handle)


def resolving(*addresses):
    async def resolve(_host):
        return list(addresses)

    return resolve


async def test_the_address_that_was_checked_is_the_one_that_is_asked():
    asked, transport = serving(200, body=b"{}")
    body = await fetch_public(
        ADDRESS, limits=LIMITS, resolve=resolving("8.8.8.8", "1.1.1.1"), transport=transport
    )
    assert body == b"{}"
    (request,) = asked
    assert request.url == "https://8.8.8.8/keys?x=1"
    assert request.headers["host"] == "air.example"
    assert request.headers["accept-encoding"] == "identity", "nothing is unpacked"
    assert request.extensions["sni_hostname"] == "air.example"


@pytest.mark.parametrize(
    "found", [(), ("10.0.0.1",), ("8.8.8.8", "127.0.0.1"), ("::ffff:10.0.0.1",), ("fe80::1%1",)]
)
async def test_attack_51_a_name_that_leads_into_our_own_network(found):
    asked, transport = serving(200)
    with pytest.raises(AddressRefused):
        await fetch_public(ADDRESS, limits=LIMITS, resolve=resolving(*found), transport=transport)
    assert asked == []


@pytest.mark.parametrize(
    ("status", "more"),
    [(302, {"location": "http://127.0.0.1/"}), (404, {}), (200, {"body": b"x" * 101})],
)
async def test_attack_51_redirects_and_long_answers(status, more):
    asked, transport = serving(status, **more)
    with pytest.raises(AddressRefused):
        await fetch_public(
            ADDRESS, limits=LIMITS, resolve=resolving("8.8.8.8"), transport=transport
        )
    assert len(asked) == 1


async def test_a_host_that_fails_is_a_refusal():
    async def resolve(_host):
        raise OSError

    with pytest.raises(AddressRefused):
        await fetch_public(ADDRESS, limits=LIMITS, resolve=resolve)


@pytest.mark.parametrize("host", ["a..b", "x" * 64 + ".example", "x%2eexample"])
async def test_a_host_that_is_no_name_is_a_refusal(host):
    with pytest.raises(AddressRefused):
        await fetch_public(f"https://{host}/", limits=LIMITS)


async def test_a_small_answer_that_would_unpack_to_a_large_one_stays_packed():
    packed = gzip.compress(bytes(10_000_000))[:100]
    _, transport = serving(200, body=packed, **{"content-encoding": "gzip"})
    body = await fetch_public(
        ADDRESS, limits=LIMITS, resolve=resolving("8.8.8.8"), transport=transport
    )
    assert body == packed
