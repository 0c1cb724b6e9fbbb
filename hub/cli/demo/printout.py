"""What the demo shows: all months in short, and the last one with its matrix and payments."""

from collections.abc import Iterator, Sequence

from hub.cli.demo.loading import SettledMonth
from hub.cli.output import Column, Sheet
from hub.cli.scenario.answer import SettledWindow
from hub.cli.scenario.printout import matrix_sheet, nets_sheet, payments_sheet
from hub.cli.settle.printout import central_sheet
from hub.kernel.money import format_minor
from partners.store import Partner
from settlement.recompute import place_of


def demo_sheets(settled: Sequence[SettledMonth], partners: Sequence[Partner]) -> Iterator[Sheet]:
    """Show who takes part, what every month came to, and who pays whom for the last busy one."""
    yield partners_sheet(partners)
    yield months_sheet(settled)
    busy = [month for month in settled if month.settlement.cells]
    if busy:
        last = SettledWindow(place_of(busy[-1].window), busy[-1].settlement)
        yield matrix_sheet(last)
        yield nets_sheet(last)
        yield central_sheet(last)
        yield payments_sheet(last)


def partners_sheet(partners: Sequence[Partner]) -> Sheet:
    """List the partners with their names."""
    columns = tuple(Column(name, is_number=False) for name in ("partner", "name", "名称"))
    rows = tuple((partner.code, partner.name_en, partner.name_zh) for partner in partners)
    return Sheet("Partners", columns, rows)


def months_sheet(settled: Sequence[SettledMonth]) -> Sheet:
    """Show what was billed each month, and how little of it moves when all is set off."""
    currencies = {month.settlement.currency: month.settlement.places for month in settled}
    rows = [
        (
            month.window.code,
            month.settlement.currency,
            *_totals([month], month.settlement.places),
            (month.window.seal or "")[:16],
        )
        for month in settled
    ]
    for currency, places in currencies.items():
        own = [month for month in settled if month.settlement.currency == currency]
        rows.append(("all", currency, *_totals(own, places), ""))
    columns = (
        Column("month", is_number=False),
        Column("currency", is_number=False),
        Column("billed", is_number=True),
        Column("moves", is_number=True),
        Column("bills", is_number=True),
        Column("payments", is_number=True),
        Column("seal", is_number=False),
    )
    return Sheet("Settled", columns, tuple(rows))


def _totals(settled: Sequence[SettledMonth], places: int) -> tuple[str, str, str, str]:
    settlements = [month.settlement for month in settled]
    return (
        format_minor(sum(each.gross_total_minor for each in settlements), places),
        format_minor(sum(each.net_total_minor for each in settlements), places),
        str(sum(len(each.cells) for each in settlements)),
        str(sum(len(each.payments_direct.payments) for each in settlements)),
    )
