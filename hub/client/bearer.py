"""A token that is ready to be shown, e.g. one of the development profile."""

from collections.abc import Generator

import httpx


class BearerToken(httpx.Auth):
    """Shows the same token with every request."""

    def __init__(self, token: str) -> None:
        """Keep a token.

        Errors: ValueError when it is none.
        """
        if not token or not token.isascii() or not token.isprintable() or " " in token:
            raise ValueError("a token is one word of ASCII characters")
        self._header = f"Bearer {token}"

    def auth_flow(self, request: httpx.Request) -> Generator[httpx.Request, httpx.Response, None]:
        """Show the token."""
        request.headers["authorization"] = self._header
        yield request
