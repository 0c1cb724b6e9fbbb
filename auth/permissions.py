"""Which kinds of actor may use which operation. What they may see of it is decided by the data.

Every root field of the API has a line here; one without a line cannot be built.

Source: rule book 1.13: only the acceptor refunds, only the issuer reverses, only a person of the
hub adjusts.
"""

from collections.abc import Mapping
from types import MappingProxyType
from typing import Final

from hub.kernel.actor import Actor, ActorKind

OPERATOR: Final = frozenset({ActorKind.OPERATOR})
PARTNER: Final = frozenset({ActorKind.PARTNER})
MEMBER: Final = frozenset({ActorKind.MEMBER})
BUSINESS: Final = OPERATOR | PARTNER
ANYBODY: Final = OPERATOR | PARTNER | MEMBER

POLICIES: Final[Mapping[str, frozenset[ActorKind]]] = MappingProxyType(
    {
        # queries
        "viewer": ANYBODY,
        "node": ANYBODY,
        "nodes": ANYBODY,
        "coalition": ANYBODY,
        "partner": ANYBODY,
        "partners": ANYBODY,
        "member": ANYBODY,
        "wallet": ANYBODY,
        "entry": ANYBODY,
        "settlement_window": BUSINESS,
        "settlement_windows": BUSINESS,
        # points
        "issue_points": BUSINESS,
        "redeem_points": BUSINESS,
        "cash_out_points": ANYBODY,
        "donate_points": ANYBODY,
        "refund_points": PARTNER,
        "reverse_issue": PARTNER,
        "transfer_points": OPERATOR | MEMBER,
        "sweep_expiry": OPERATOR,
        # members
        "enrol_member": BUSINESS,
        "link_account": BUSINESS,
        # money between partners
        "sell_membership": BUSINESS,
        "cancel_membership": BUSINESS,
        "post_adjustment": OPERATOR,
        "close_window": OPERATOR,
    }
)


def may(actor: Actor, operation: str) -> bool:
    """Whether this kind of actor may use the operation at all."""
    return actor.kind in POLICIES[operation]
