"""Bodies of requests of which nobody knows yet who sends them: small, and soon there."""

import asyncio
from typing import Final

from starlette.requests import Request

BODY_SECONDS: Final = 20


class BodyTooLong(Exception):
    """It is longer than anything that belongs there."""


class BodyTooSlow(Exception):
    """It did not come in time."""


async def read_bytes(request: Request, *, bytes_max: int, seconds: int = BODY_SECONDS) -> bytes:
    """Read a body as it comes, so long as it may.

    Errors: BodyTooLong, BodyTooSlow.
    """
    body = bytearray()
    try:
        async with asyncio.timeout(seconds):
            async for chunk in request.stream():
                body += chunk
                if len(body) > bytes_max:
                    raise BodyTooLong
    except TimeoutError:
        raise BodyTooSlow from None
    return bytes(body)
