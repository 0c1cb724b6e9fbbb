"""How many results are written into one HTTP answer: server-sent events, and multipart.

Source: GraphQL over Server-Sent Events, distinct connections mode; Apollo's multipart protocol for
subscriptions; incremental delivery over HTTP.
"""

from dataclasses import dataclass
from typing import Any, Final

import orjson

from schema.view.negotiation import MediaType

BOUNDARY: Final = "graphql"


@dataclass(frozen=True, slots=True)
class Framing:
    """How results follow each other: what stands before, around, and behind them."""

    content_type: str
    prefix: bytes
    suffix: bytes
    first: bytes
    last: bytes
    heartbeat: bytes
    is_payload: bool
    """Whether a result stands in a `payload` of its own."""

    def frame(self, body: dict[str, Any]) -> bytes:
        """Write one result."""
        content = {"payload": body} if self.is_payload else body
        return self.prefix + orjson.dumps(content) + self.suffix


EVENTS: Final = Framing(
    content_type="text/event-stream; charset=utf-8",
    prefix=b"event: next\ndata: ",
    suffix=b"\n\n",
    first=b":\n\n",
    last=b"event: complete\ndata:\n\n",
    heartbeat=b":\n\n",
    is_payload=False,
)

_HEAD: Final = b"\r\nContent-Type: application/json; charset=utf-8\r\n\r\n"
_PART: Final = f"\r\n--{BOUNDARY}".encode()

PARTS: Final = Framing(
    content_type=f'multipart/mixed; boundary="{BOUNDARY}"',
    prefix=_HEAD,
    suffix=_PART,
    first=_PART,
    last=b"--\r\n",
    heartbeat=b"",
    is_payload=False,
)

SUBSCRIPTION_PARTS: Final = Framing(
    content_type=f'multipart/mixed; boundary="{BOUNDARY}"; subscriptionSpec="1.0"',
    prefix=_HEAD,
    suffix=_PART,
    first=_PART,
    last=b"--\r\n",
    heartbeat=_HEAD + b"{}" + _PART,
    is_payload=True,
)


def framing_of(media_type: MediaType, *, is_subscription: bool) -> Framing:
    """Choose the framing of a stream."""
    if media_type is MediaType.EVENT_STREAM:
        return EVENTS
    return SUBSCRIPTION_PARTS if is_subscription else PARTS
