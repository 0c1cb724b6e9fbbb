"""A settled window as tables, JSON and CSV."""

from collections.abc import Iterable, Iterator

from hub.cli.instants import format_instant
from hub.cli.output import (
    Column,
    Format,
    Sheet,
    print_csv,
    print_json,
    print_sheets,
    result_console,
)
from hub.cli.scenario.answer import SettledWindow, write_settlement
from hub.cli.scenario.printout import cells_sheet, local_sheet, matrix_sheet, nets_sheet
from hub.cli.scenario.printout import payments_sheet as fewest_sheet
from hub.cli.strict_json import Json
from hub.kernel.money import format_exact, format_minor, minor_units
from settlement.recompute import place_of
from settlement.settle import Settlement
from settlement.store import Window


def print_window(window: Window, settlement: Settlement, output_format: Format) -> None:
    """Print all figures of a closed window; as CSV its cells."""
    settled = SettledWindow(place_of(window), settlement)
    match output_format:
        case Format.JSON:
            print_json(write_window(window) | write_settlement(settled) | {"window": window.code})
        case Format.CSV:
            print_csv(cells_sheet([settled]))
        case Format.TABLE:
            print_sheets(result_console(), window_sheets(window, settlement))


def window_sheets(window: Window, settlement: Settlement) -> Iterator[Sheet]:
    """Show what was owed, what is left of it when it is set off, and who pays whom."""
    settled = SettledWindow(place_of(window), settlement)
    yield facts_sheet(window)
    yield matrix_sheet(settled)
    yield nets_sheet(settled)
    yield bilateral_sheet(settled)
    yield central_sheet(settled)
    yield fewest_sheet(settled)
    if settlement.carry_in or settlement.carry_out:
        yield carries_sheet(settled)
    if settlement.clearing.settlement_currencies:
        yield local_sheet(settled)


def write_window(window: Window) -> dict[str, Json]:
    """Make the part of the document that is about the window itself."""
    return {
        "calendar": window.calendar,
        "window": window.code,
        "opens_at": format_instant(window.opens_at),
        "cut_at": format_instant(window.cut_at),
        "status": window.status,
        "closed_at": None if window.closed_at is None else format_instant(window.closed_at),
        "previous_seal": window.previous_seal,
        "seal": window.seal,
    }


def facts_sheet(window: Window) -> Sheet:
    """Show when a window was, and what it was sealed with."""
    written = write_window(window)
    rows = tuple((key, str(value or "")) for key, value in written.items() if key != "window")
    return Sheet(place_of(window), (_text("window"), _text(window.code)), rows)


def bilateral_sheet(settled: SettledWindow) -> Sheet:
    """Show what is left between any two when their bills are set off."""
    settlement = settled.settlement
    rows = tuple(
        (pair.debtor, pair.creditor, format_minor(net, settlement.places))
        for pair, net in settlement.bilateral_net_minor.items()
    )
    title = f"{settled.window_id}: bilateral nets, {settlement.currency}"
    return Sheet(title, (_text("owes"), _text("to"), _number("amount")), rows)


def central_sheet(settled: SettledWindow) -> Sheet:
    """Show the payments over the settlement account."""
    settlement = settled.settlement
    central = settlement.payments_hub_central
    rows = [
        (party, format_minor(amount, settlement.places), "")
        for party, amount in central.pay_in_minor.items()
    ]
    rows += [
        (party, "", format_minor(amount, settlement.places))
        for party, amount in central.pay_out_minor.items()
    ]
    title = f"{settled.window_id}: payments over the hub, {settlement.currency}"
    return Sheet(title, (_text("party"), _number("pays in"), _number("is paid")), tuple(rows))


def carries_sheet(settled: SettledWindow) -> Sheet:
    """Show the rounding brought forward and carried on, where there is any."""
    settlement = settled.settlement
    rows = tuple(
        (pair.debtor, pair.creditor, format_exact(cell.carry_in), format_exact(cell.carry_out))
        for pair, cell in settlement.cells.items()
        if cell.carry_in or cell.carry_out
    )
    title = f"{settled.window_id}: rounding, {settlement.currency}"
    columns = (_text("owes"), _text("to"), _number("brought forward"), _number("carried on"))
    return Sheet(title, columns, rows)


def positions_sheet(window: Window, settlement: Settlement) -> Sheet:
    """Show of each party what it owes, what it is owed, and what is left to pay or to get."""
    places = settlement.places
    owes = dict.fromkeys(settlement.net_position_minor, 0)
    is_owed = dict(owes)
    for pair, amount in settlement.gross_matrix_minor.items():
        owes[pair.debtor] += amount
        is_owed[pair.creditor] += amount
    local = settlement.payments_local
    rows = tuple(
        (
            party,
            settlement.currency,
            format_minor(owes[party], places),
            format_minor(is_owed[party], places),
            format_minor(net, places),
            local[party].currency if party in local else settlement.currency,
            (
                format_minor(local[party].amount_minor, minor_units(local[party].currency))
                if party in local
                else format_minor(net, places)
            ),
        )
        for party, net in settlement.net_position_minor.items()
    )
    numbers = (_number("owes"), _number("is_owed"), _number("net"))
    columns = (_text("party"), _text("currency"), *numbers, _text("paid_in"), _number("payment"))
    return Sheet(f"{place_of(window)}: positions (negative: pays)", columns, rows)


def lines_sheet(
    window: Window, settlement: Settlement, *, debtor: str | None, creditor: str | None
) -> Sheet:
    """List the lines of the cells, of one debtor or creditor or of all; they sum to the bills."""
    invoiced = settlement.invoice_lines_minor
    rows = tuple(
        (
            pair.debtor,
            pair.creditor,
            line,
            settlement.currency,
            format_exact(cell.lines.get(line, cell.carry_in)),
            format_minor(amount, settlement.places),
        )
        for pair, cell in settlement.cells.items()
        if debtor in (None, pair.debtor) and creditor in (None, pair.creditor)
        for line, amount in invoiced[pair].items()
    )
    texts = (_text("debtor"), _text("creditor"), _text("line"), _text("currency"))
    columns = (*texts, _number("exact"), _number("amount"))
    return Sheet(f"{place_of(window)}: lines", columns, rows)


def windows_sheet(windows: Iterable[Window], title: str) -> Sheet:
    """List windows with their spans and states."""
    columns = ("window", "opens_at", "cut_at", "status", "seal")
    rows = tuple(
        (
            place_of(window),
            format_instant(window.opens_at),
            format_instant(window.cut_at),
            window.status,
            window.seal or "",
        )
        for window in windows
    )
    return Sheet(title, tuple(_text(name) for name in columns), rows)


def _text(name: str) -> Column:
    return Column(name, is_number=False)


def _number(name: str) -> Column:
    return Column(name, is_number=True)
