"""Bodies that come before anybody knows from whom: the long and the slow are not waited for."""

import asyncio

import pytest
from starlette.requests import Request

from auth.bodies import BodyTooLong, BodyTooSlow, read_bytes


def request_of(*chunks, ends=True):
    """A request whose body comes in these pieces, and then ends or comes to a stop."""
    left = list(chunks)

    async def receive():
        if not left:
            await asyncio.Event().wait()
        return {
            "type": "http.request",
            "body": left.pop(0),
            "more_body": bool(left) or not ends,
        }

    return Request({"type": "http", "method": "POST", "headers": []}, receive)


async def test_a_body_in_pieces_is_read_whole():
    assert await read_bytes(request_of(b"grant_", b"type=", b"x"), bytes_max=12) == b"grant_type=x"


async def test_one_byte_too_many_is_refused_as_soon_as_it_comes():
    with pytest.raises(BodyTooLong):
        await read_bytes(request_of(b"123456", b"7", ends=False), bytes_max=6)


@pytest.mark.parametrize("chunks", [(), (b"grant_type=",)])
async def test_a_body_that_comes_to_a_stop_is_not_waited_for(chunks):
    with pytest.raises(BodyTooSlow):
        await read_bytes(request_of(*chunks, ends=False), bytes_max=100, seconds=0)
