"""The outcome of a scenario as tables for a person: matrix, nets, payments, refusals, lots."""

from collections.abc import Iterable, Iterator, Mapping
from typing import Final

from hub.cli.instants import format_expiry
from hub.cli.output import Column, Sheet
from hub.cli.scenario.answer import Outcome, SettledWindow
from hub.kernel.money import format_exact, format_minor, minor_units
from settlement.cells import Pair

LOTS_SHOWN_MAX: Final = 200


def outcome_sheets(outcome: Outcome) -> Iterator[Sheet]:
    """Show every window, then what is left of the lots, then what was refused."""
    for settled in outcome.settlements:
        yield from window_sheets(settled)
    yield lots_sheet(outcome)
    if outcome.refused:
        yield refused_sheet(outcome)


def window_sheets(settled: SettledWindow) -> Iterator[Sheet]:
    """Show one window: matrix, nets, payments."""
    yield matrix_sheet(settled)
    yield nets_sheet(settled)
    yield payments_sheet(settled)
    if settled.settlement.clearing.settlement_currencies:
        yield local_sheet(settled)


def matrix_sheet(settled: SettledWindow) -> Sheet:
    """Who owes whom: a row per debtor, a column per creditor, sums at the edges."""
    settlement = settled.settlement
    matrix = settlement.gross_matrix_minor
    debtors = sorted({pair.debtor for pair in matrix})
    creditors = sorted({pair.creditor for pair in matrix})
    rows = [
        (debtor, *_matrix_row(matrix, debtor, creditors, settlement.places)) for debtor in debtors
    ]
    title = f"{settled.window_id}: who owes whom, {settlement.currency}"
    columns = [Column("owes", is_number=False)]
    columns += [Column(creditor, is_number=True) for creditor in (*creditors, "sum")]
    return Sheet(title, tuple(columns), tuple(rows))


def _matrix_row(
    matrix: Mapping[Pair, int], debtor: str, creditors: list[str], places: int
) -> tuple[str, ...]:
    cells = [matrix.get(Pair(debtor, creditor)) for creditor in creditors]
    total = sum(cell for cell in cells if cell is not None)
    shown = ["" if cell is None else format_minor(cell, places) for cell in cells]
    return (*shown, format_minor(total, places))


def nets_sheet(settled: SettledWindow) -> Sheet:
    """Show what each party gets or pays when everything is set off."""
    settlement = settled.settlement
    rows = tuple(
        (party, format_minor(net, settlement.places), _net_word(net))
        for party, net in settlement.net_position_minor.items()
    )
    total = format_minor(settlement.net_total_minor, settlement.places)
    gross = format_minor(settlement.gross_total_minor, settlement.places)
    return Sheet(
        f"{settled.window_id}: nets, {settlement.currency} ({total} moves instead of {gross})",
        (Column("party", is_number=False), Column("net", is_number=True), _text("")),
        rows,
    )


def _text(name: str) -> Column:
    return Column(name, is_number=False)


def _net_word(net: int) -> str:
    if net == 0:
        return "even"
    return "gets" if net > 0 else "pays"


def cells_sheet(settlements: Iterable[SettledWindow]) -> Sheet:
    """List every cell of every window: the matrix as rows, for a program."""
    rows = tuple(
        (
            settled.window_id,
            cell.pair.debtor,
            cell.pair.creditor,
            settled.settlement.currency,
            format_exact(cell.exact),
            format_exact(cell.carry_in),
            format_minor(cell.rounded_minor, cell.places),
            format_exact(cell.carry_out),
        )
        for settled in settlements
        for cell in settled.settlement.cells.values()
    )
    texts = (_text("window"), _text("debtor"), _text("creditor"), _text("currency"))
    numbers = tuple(
        Column(name, is_number=True) for name in ("exact", "carry_in", "amount", "carry_out")
    )
    return Sheet("Cells", texts + numbers, rows)


def payments_sheet(settled: SettledWindow) -> Sheet:
    """Show the fewest payments from party to party."""
    settlement = settled.settlement
    rows = tuple(
        (payment.payer, payment.payee, format_minor(payment.amount_minor, settlement.places))
        for payment in settlement.payments_direct.payments
    )
    return Sheet(
        f"{settled.window_id}: fewest payments, {settlement.currency}",
        (_text("from"), _text("to"), Column("amount", is_number=True)),
        rows,
    )


def local_sheet(settled: SettledWindow) -> Sheet:
    """Show what parties with a currency of their own are paid in it."""
    rows = tuple(
        (
            party,
            payment.currency,
            format_minor(payment.amount_minor, minor_units(payment.currency)),
        )
        for party, payment in settled.settlement.payments_local.items()
    )
    rounding = format_exact(settled.settlement.fx_rounding_exact)
    return Sheet(
        f"{settled.window_id}: local payments (rounding {rounding} {settled.settlement.currency})",
        (_text("party"), _text("currency"), Column("amount", is_number=True)),
        rows,
    )


def lots_sheet(outcome: Outcome) -> Sheet:
    """Show what is left of the lots, and what the pool must hold for them."""
    names = sorted(outcome.lots)
    rows = tuple(
        (
            name,
            outcome.lots[name].issuer,
            outcome.lots[name].member,
            str(outcome.lots[name].remaining_points),
            format_expiry(outcome.lots[name].expires_at),
            outcome.lots[name].terms_version,
        )
        for name in names[:LOTS_SHOWN_MAX]
    )
    counted = f"{len(names)} lots"
    if len(names) > LOTS_SHOWN_MAX:
        counted = f"the first {LOTS_SHOWN_MAX} of {len(names)} lots"
    return Sheet(
        f"{counted}; the pool must hold {format_exact(outcome.pool_required)}",
        (
            _text("lot"),
            _text("issuer"),
            _text("member"),
            Column("remaining", is_number=True),
            _text("expires"),
            _text("terms"),
        ),
        rows,
    )


def refused_sheet(outcome: Outcome) -> Sheet:
    """Show the events that the rules refused."""
    return Sheet(
        "Refused",
        (_text("event"), _text("code")),
        tuple((refused.event_id, refused.code) for refused in outcome.refused),
    )
