"""The bodies of the provider's endpoints: forms, each field once, each with a limit."""

from collections.abc import Mapping
from typing import Final
from urllib.parse import parse_qsl

from starlette.requests import Request

from auth.bodies import BODY_SECONDS, BodyTooLong, BodyTooSlow, read_bytes
from auth.oauth.errors import OAuthRefused, invalid_request

FORM: Final = "application/x-www-form-urlencoded"
BODY_BYTES_MAX: Final = 20_000
FIELDS_MAX: Final = 40
LIMITS: Final[Mapping[str, int]] = {
    "client_assertion": 8192,
    "authorization_details": 2000,
    "scope": 600,
    "redirect_uri": 500,
    "token": 8192,
    "state": 1024,
    "nonce": 255,
}
CHARACTERS_MAX: Final = 512
"""The most of a field that is not named above."""

Form = Mapping[str, str]


async def read_form(request: Request) -> Form:
    """Read the form of a request.

    Errors: OAuthRefused.
    """
    if request.url.query:
        raise invalid_request("parameters go into the body, none into the address")
    content_type = request.headers.get("content-type", "").partition(";")[0].strip().lower()
    if content_type != FORM:
        raise invalid_request(f"the body is a form: `Content-Type: {FORM}`")
    try:
        body = await read_bytes(request, bytes_max=BODY_BYTES_MAX)
    except BodyTooLong:
        refusal = f"the body is longer than {BODY_BYTES_MAX} bytes"
        raise OAuthRefused("invalid_request", refusal, 413) from None
    except BodyTooSlow:
        refusal = f"the body did not come within {BODY_SECONDS} seconds"
        raise OAuthRefused("invalid_request", refusal, 408) from None
    return read_fields(body)


def read_fields(body: bytes) -> Form:
    """Read the fields of a form; empty ones are as good as absent.

    Errors: OAuthRefused.
    """
    try:
        pairs = parse_qsl(
            body.decode("ascii"),
            strict_parsing=bool(body),
            max_num_fields=FIELDS_MAX,
            keep_blank_values=True,
            errors="strict",
        )
    except ValueError:
        raise invalid_request(f"the body is a form of at most {FIELDS_MAX} fields") from None
    form: dict[str, str] = {}
    for name, value in pairs:
        if name in form:
            raise invalid_request(f"`{name[:40]}` is given more than once")
        limit = LIMITS.get(name, CHARACTERS_MAX)
        if len(value) > limit or "\0" in value:
            raise invalid_request(f"`{name[:40]}` is longer than {limit} characters, or has a zero")
        form[name] = value
    return {name: value for name, value in form.items() if value}


def need(form: Form, name: str) -> str:
    """Give a field that must be there.

    Errors: OAuthRefused.
    """
    value = form.get(name)
    if value is None:
        raise invalid_request(f"`{name}` is missing")
    return value
