"""The one redemption that a member agrees to (`authorization_details`, RFC 9396)."""

from typing import Any, Final

import orjson

from auth.oauth.errors import OAuthRefused
from hub.kernel.actor import Order
from hub.kernel.errors import PointsOutOfRange
from hub.kernel.money import check_points

TYPE: Final = "redemption"
CHARACTERS_MAX: Final = 2000
REFERENCE_CHARACTERS_MAX: Final = 200
_MEMBERS: Final = {"type", "points", "reference"}


def read_order(text: str | None) -> Order | None:
    """Read `authorization_details`: one object, of a redemption, for so many points.

    Errors: OAuthRefused.
    """
    if text is None:
        return None
    try:
        details = orjson.loads(text)
    except orjson.JSONDecodeError:
        details = None
    if not isinstance(details, list) or len(details) != 1 or not isinstance(details[0], dict):
        raise _refused("is a JSON list with one object")
    (detail,) = details
    if detail.get("type") != TYPE or set(detail) != _MEMBERS:
        raise _refused(f"has the members type (`{TYPE}`), points and reference, and no others")
    points, reference = detail["points"], detail["reference"]
    if not isinstance(points, int) or isinstance(points, bool):
        raise _refused("has `points` as a whole number")
    try:
        check_points(points)
    except PointsOutOfRange as refusal:
        raise _refused(
            f"has `points` from {refusal.points_min} to {refusal.points_max}"
        ) from refusal
    is_text = isinstance(reference, str) and 0 < len(reference) <= REFERENCE_CHARACTERS_MAX
    if not is_text or not reference.isprintable():
        raise _refused(f"has `reference` of 1 to {REFERENCE_CHARACTERS_MAX} printable characters")
    return Order(points, reference)


def write_order(order: Order | None) -> list[dict[str, Any]] | None:
    """Write an order as a token carries it."""
    if order is None:
        return None
    return [{"type": TYPE, "points": order.points, "reference": order.reference}]


def _refused(expected: str) -> OAuthRefused:
    return OAuthRefused("invalid_authorization_details", f"`authorization_details` {expected}")
