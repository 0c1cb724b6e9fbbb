"""Ways in which a stream ends before its time."""

from typing import Any, Final

from schema.faults import Fault, FaultCode


class SignInEnded(Exception):
    """Whoever subscribed is not let in any more."""


class SubscriberTooSlow(Exception):
    """More events came than the client read; some are lost to it."""


def _say(code: FaultCode, message: str) -> dict[str, Any]:
    return {"errors": [dict(Fault(code, message).formatted)]}


SIGN_IN_ENDED: Final = _say(
    FaultCode.UNAUTHENTICATED, "The token has ended: subscribe again with a new one."
)
TOO_SLOW: Final = _say(
    FaultCode.SUBSCRIBER_TOO_SLOW, "Events were not read fast enough: subscribe again."
)
