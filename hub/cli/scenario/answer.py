"""The answer to a scenario: what came out, as the JSON document of the format."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal

from hub.cli.instants import format_expiry
from hub.cli.strict_json import Json
from hub.kernel.money import format_exact, format_minor, minor_units
from settlement.cells import Pair
from settlement.settle import Settlement


@dataclass(frozen=True, slots=True)
class LotLeft:
    """A lot as it is at the end.

    Units: whole points.
    """

    issuer: str
    member: str
    remaining_points: int
    expires_at: datetime
    terms_version: str


@dataclass(frozen=True, slots=True)
class RefusedEvent:
    """An event that the rules refused: its id, and the code of the refusal."""

    event_id: str
    code: str


@dataclass(frozen=True, slots=True)
class SettledWindow:
    """A window's id and its figures."""

    window_id: str
    settlement: Settlement


@dataclass(frozen=True, slots=True)
class Outcome:
    """What came out of a scenario: windows in order, refused events in order, lots by name.

    Units: `pool_required` is exact money of the clearing currency.
    """

    settlements: tuple[SettledWindow, ...]
    lots: Mapping[str, LotLeft]
    pool_required: Decimal
    refused: tuple[RefusedEvent, ...]


def write_answer(outcome: Outcome) -> dict[str, Json]:
    """Make the answer: exactly the keys of the format, every amount a string."""
    return {
        "settlements": [write_settlement(settled) for settled in outcome.settlements],
        "lots": {name: _write_lot(lot) for name, lot in outcome.lots.items()},
        "pool_required_exact": format_exact(outcome.pool_required),
        "refused": [
            {"event": refused.event_id, "code": refused.code} for refused in outcome.refused
        ],
    }


def write_settlement(settled: SettledWindow) -> dict[str, Json]:
    """Make one window's part of the answer."""
    settlement, places = settled.settlement, settled.settlement.places
    central = settlement.payments_hub_central
    written: dict[str, Json] = {
        "window": settled.window_id,
        "currency": settlement.currency,
        "gross_exact": _write_exact(settlement.gross_exact),
        "carry_in": _write_exact(settlement.carry_in),
        "gross_matrix": _write_minor(settlement.gross_matrix_minor, places),
        "carry_out": _write_exact(settlement.carry_out),
        "bilateral_net": _write_minor(settlement.bilateral_net_minor, places),
        "net_position": _write_minor(settlement.net_position_minor, places),
        "invoice_lines": {
            str(pair): _write_minor(lines, places)
            for pair, lines in settlement.invoice_lines_minor.items()
        },
        "payments_hub_central": {
            "pay_in": _write_minor(central.pay_in_minor, places),
            "pay_out": _write_minor(central.pay_out_minor, places),
        },
        "payments_direct_min": [
            {
                "from": payment.payer,
                "to": payment.payee,
                "amount": format_minor(payment.amount_minor, places),
            }
            for payment in settlement.payments_direct.payments
        ],
        "gross_total": format_minor(settlement.gross_total_minor, places),
        "net_total": format_minor(settlement.net_total_minor, places),
    }
    if settlement.clearing.settlement_currencies:
        written |= _write_local(settlement)
    return written


def _write_local(settlement: Settlement) -> dict[str, Json]:
    return {
        "payments_local": {
            party: {
                "currency": payment.currency,
                "amount": format_minor(payment.amount_minor, minor_units(payment.currency)),
            }
            for party, payment in settlement.payments_local.items()
        },
        "fx_rounding_exact": format_exact(settlement.fx_rounding_exact),
    }


def _write_exact(amounts: Mapping[Pair, Decimal]) -> dict[str, Json]:
    return {str(pair): format_exact(amount) for pair, amount in amounts.items()}


def _write_minor(amounts: Mapping[Pair, int] | Mapping[str, int], places: int) -> dict[str, Json]:
    return {str(key): format_minor(amount, places) for key, amount in amounts.items()}


def _write_lot(lot: LotLeft) -> dict[str, Json]:
    return {
        "issuer": lot.issuer,
        "member": lot.member,
        "remaining": lot.remaining_points,
        "expires": format_expiry(lot.expires_at),
        "terms": lot.terms_version,
    }
