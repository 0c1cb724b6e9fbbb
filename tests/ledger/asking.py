"""From an operation of the model to the operation of the real ledger that asks for the same."""

from decimal import Decimal
from typing import TYPE_CHECKING, Any

from hub.ledger.entries import EntryKind
from hub.ledger.operations import Operation, Place, hash_key, hash_reference, hash_request
from hub.points.exchange import REFUNDABLE
from hub.points.requests import NEVER
from tests.reference.books import NEEDS_TERMS, NOT_OF_THE_REQUEST

if TYPE_CHECKING:
    from tests.ledger.beside import Both

Json = dict[str, Any]
KINDS = {kind.name: kind for kind in EntryKind} | {
    "REVERSE_ISSUE": EntryKind.REVERSE,
    "FORGIVE": EntryKind.OWE,
}
PARTY = NEEDS_TERMS | {"HOLD": "acceptor", "OWE": "issuer"}
"""Who asks, by kind; of any other kind it is the hub, or whoever asked for what `of` names."""
AS_IT_IS = {
    "category": "category",
    "available": "available_at",
    "reason": "reason",
    "reference": "reference",
    "ends": "expires_at",
    "expires": "expires_at",
    "reinstated": "expires_at",
}
MODES = {"HOLD": EntryKind.REDEEM, "OWE": 0, "FORGIVE": 1}


def ask(both: "Both", op: Json) -> Operation:
    """Make the operation; what is plain leaves the instants to the hub's clock."""
    kind, is_at_present = op["type"], op["at"] == both.now and op.get("is_plain", False)
    partner_id, wallet = _party(both, op), _wallet(both, op)
    request = {k: v for k, v in op.items() if k not in NOT_OF_THE_REQUEST | {"is_plain"}}
    if kind == "ISSUE":
        request.pop("lot")
    terms_id = 0
    if kind in NEEDS_TERMS or kind == "CAPTURE":
        found = both.coalition.hub.register.find_terms(partner_id, op["at"])
        terms_id = found.terms_id if found else 0
    return Operation(
        kind=KINDS[kind],
        wallet=wallet,
        partner_id=partner_id,
        points=op.get("points", 0),
        key_hash=hash_key(partner_id, wallet.number, op["key"]) if "key" in op else None,
        request_hash=hash_request(*sorted(request.items())),
        actor="test",
        terms_id=terms_id,
        occurred_at=None if is_at_present else op["at"],
        decided_at=None if is_at_present else op["at"],
        **_facts(both, op, partner_id),
    )


def _party(both: "Both", op: Json) -> int:
    partners, kind = both.coalition.partners, op["type"]
    if "of" in op:
        return _party(both, dict(both.books.events[op["of"]].op))
    if kind == "REVERSE_ISSUE":
        return partners[both.books.lot(op["lot"]).issuer].partner_id
    return partners[op[PARTY[kind]]].partner_id if kind in PARTY else 0


def _wallet(both: "Both", op: Json) -> Place:
    members = both.coalition.members
    if "of" in op:
        return _wallet(both, dict(both.books.events[op["of"]].op))
    if "lot" in op and op["type"] != "ISSUE":
        return members[both.books.lot(op["lot"]).wallet]
    return members[op["from" if op["type"] == "TRANSFER" else "member"]]


def _facts(both: "Both", op: Json, partner_id: int) -> Json:
    """What only some kinds have."""
    kind = op["type"]
    facts = {field: op[name] for name, field in AS_IT_IS.items() if name in op}
    if kind in MODES:
        facts["mode"] = MODES[kind]
    if kind == "REVERSE_ISSUE":
        facts["mode"] = op["mode"] or None
    if kind == "EXCHANGE" and not op["is_final"]:
        facts["mode"] = REFUNDABLE
    if "of" in op:
        facts["ref_seq"] = both.booked[op["of"]][1]
    if kind == "TRANSFER":
        facts["counter_wallet"] = both.coalition.members[op["to"]]
    if "match_rate" in op:
        facts["match_rate"] = Decimal(op["match_rate"])
    if kind == "ISSUE":
        facts["restriction_id"] = both.rules[op["rule"]]
        facts["expires_at"] = op["expires"] or NEVER
        if "reference" in op:
            facts["reference_hash"] = hash_reference(partner_id, op["reason"], op["reference"])
    elif "lot" in op:
        facts["lot_id"] = both.lot_ids[op["lot"]]
    return facts
