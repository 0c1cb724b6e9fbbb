"""What people call windows and rates on a command line, and what they mean."""

from collections.abc import Sequence
from decimal import Decimal
from typing import Final

import typer

from hub.cli.strict_json import quote
from hub.kernel.errors import CurrencyUnknown, DecimalNotValid
from hub.kernel.money import OBLIGATION_PLACES, check_currency, parse_decimal
from hub.kernel.tx import ReadTx
from partners.register import Register
from settlement.errors import NoWindowClosed, WindowNotClosed, WindowNotFound
from settlement.settle import Settlement
from settlement.store import Window, find_last_closed, find_window, list_windows
from settlement.windows import load_settlement

ANY_CALENDAR: Final = "any calendar"


async def find_named(tx: ReadTx, name: str) -> Window:
    """Find a window by `CALENDAR/CODE`, or by its code alone where one calendar only has it.

    Errors: WindowNotFound.
    """
    calendar, slash, code = name.partition("/")
    if slash:
        window = await find_window(tx, calendar, code)
        if window is None:
            raise WindowNotFound(calendar, code)
        return window
    named = [window for window in await list_windows(tx) if window.code == name]
    if len(named) != 1:
        raise WindowNotFound(ANY_CALENDAR, name)
    return named[0]


async def load_closed(
    tx: ReadTx, register: Register, name: str | None
) -> tuple[Window, Settlement]:
    """Load a closed window; None: the one that was cut last, the longest if several were.

    Errors: WindowNotFound, WindowNotClosed, NoWindowClosed.
    """
    window = await (find_last_closed(tx) if name is None else find_named(tx, name))
    if window is None:
        raise NoWindowClosed
    settlement = await load_settlement(tx, register, window)
    if settlement is None:
        raise WindowNotClosed(window.calendar, window.code, window.cut_at)
    return window, settlement


def read_rates(given: Sequence[str]) -> dict[str, Decimal]:
    """Read `CUR=RATE`: units of a currency per unit of the clearing currency.

    A rate that is wrong ends the command as any wrong argument does.
    """
    rates: dict[str, Decimal] = {}
    for text in given:
        currency, _, number = text.partition("=")
        try:
            rate = parse_decimal(number, OBLIGATION_PLACES)
            if check_currency(currency) in rates:
                raise typer.BadParameter(f"{currency} has two rates; every currency has one")
        except (CurrencyUnknown, DecimalNotValid):
            rate = Decimal(0)
        if rate <= 0:
            expected = "a currency and its units per unit of the clearing currency: USD=1.0850"
            raise typer.BadParameter(f"{quote(text)} is not a rate; expected {expected}")
        rates[currency] = rate
    return rates
