"""`hub caps`: how much may be issued, accepted, given away or owed."""

from datetime import UTC, datetime
from decimal import Decimal
from typing import Annotated

import typer
import uvloop

from hub.cli.database import hub_database, open_books
from hub.cli.exit_codes import ExitCode, describe_exit_codes, end_command
from hub.cli.output import Column, Format, Sheet, print_sheet, write_text
from hub.kernel.actor import HUB_ACTOR
from hub.kernel.errors import DecimalNotValid
from hub.kernel.money import format_exact, parse_decimal
from hub.ledger.caps.kinds import PER_WALLET, CapKind, Renewal
from hub.ledger.caps.store import FOREVER, CapFilter, Standing, list_standings
from hub.points.capping import MONEY_PLACES, WantedCap, change_limit, note_payment, set_cap
from hub.settings import read_settings
from partners.register import Register

COLUMNS = (
    Column("cap", is_number=False),
    Column("kind", is_number=False),
    Column("partner", is_number=False),
    Column("subject", is_number=False),
    Column("currency", is_number=False),
    Column("limit", is_number=True),
    Column("used", is_number=True),
    Column("left", is_number=True),
    Column("from", is_number=False),
    Column("until", is_number=False),
    Column("each", is_number=False),
)
EPILOG = f"""
Examples:

  hub caps set budget --partner AIR --reason spring --limit 1000000

  hub caps set transfer --limit 50000 --each year

  hub caps set accept --partner SHOP --limit 20000 --each day

  hub caps set net-debit --partner SHOP --currency EUR --limit 250000.00

  hub caps limit 216250105385372171 2000000

{describe_exit_codes()}
"""

app = typer.Typer(
    add_completion=False,
    rich_markup_mode=None,
    no_args_is_help=True,
    epilog=EPILOG,
    help="How much may be issued, accepted, given away or owed; see also terms for caps by month.",
)

OutputFormat = Annotated[Format, typer.Option("--format", help="How to print the result.")]
CapNumber = Annotated[
    int, typer.Argument(metavar="CAP", help="Number of the cap: `hub caps list`.")
]


@app.command(name="list")
def show(
    *,
    every: Annotated[bool, typer.Option("--all", help="Those that are over, too.")] = False,
    output_format: OutputFormat = Format.TABLE,
) -> None:
    """List the caps in force, with what is used and left of each.

    Of a cap that each member has to itself, `used` is the sum over all members.
    """
    with hub_database(read_settings()) as url:
        sheet = uvloop.run(_list(url, every=every))
    print_sheet(sheet, output_format)


@app.command(name="set")
def put(
    kind: Annotated[str, typer.Argument(help="budget, transfer, accept or net-debit.")],
    *,
    limit: Annotated[str, typer.Option(help="Points, or money with --currency.")],
    partner: Annotated[str | None, typer.Option(help="Code of the partner it is about.")] = None,
    reason: Annotated[
        str | None, typer.Option(help="Of a budget: the reason of the issues that it counts.")
    ] = None,
    currency: Annotated[
        str | None, typer.Option(help="Of a net debit cap: the currency it counts, e.g. EUR.")
    ] = None,
    until: Annotated[
        datetime | None,
        typer.Option(formats=["%Y-%m-%dT%H:%M:%SZ"], help="Its end, in UTC; without it, none."),
    ] = None,
    each: Annotated[
        Renewal | None, typer.Option(help="Begin anew with every day, week, month or year.")
    ] = None,
    output_format: OutputFormat = Format.TABLE,
) -> None:
    """Open a cap from now on; of one that is in force, change the limit."""
    name = kind.upper().replace("-", "_")
    if name not in CapKind.__members__:
        end_command(f"hub: {kind!r} is not a kind of cap.", ExitCode.INVALID_INPUT)
    amount = _amount(limit)

    async def act(url: str) -> Sheet:
        async with open_books(url) as books:
            register = books.register
            wanted = WantedCap(
                kind=CapKind[name],
                partner=None if partner is None else register.get_partner(partner),
                limit=amount,
                reason=reason,
                currency=currency,
                ends_at=None if until is None else until.replace(tzinfo=UTC),
                renewal=each,
            )
            async with books.database.begin(HUB_ACTOR) as tx:
                cap = await set_cap(tx, register, wanted)
            async with books.database.read(HUB_ACTOR) as read:
                standings = await list_standings(read, CapFilter(cap_id=cap.cap_id))
            return _sheet(standings, register)

    with hub_database(read_settings()) as url:
        sheet = uvloop.run(act(url))
    print_sheet(sheet, output_format)


@app.command(name="limit")
def change(cap: CapNumber, to: Annotated[str, typer.Argument(help="The new limit.")]) -> None:
    """Raise or lower a limit.

    Lowered below what is used, the cap keeps that, and grants nothing more.
    """
    amount = _amount(to)

    async def act(url: str) -> None:
        async with open_books(url) as books, books.database.begin(HUB_ACTOR) as tx:
            await change_limit(tx, cap, amount)

    with hub_database(read_settings()) as url:
        uvloop.run(act(url))
    write_text(f"limit of {cap} is {format_exact(amount)}\n")


@app.command()
def pay(
    cap: CapNumber,
    amount: Annotated[str, typer.Argument(help="Money in the currency of the cap.")],
    *,
    key: Annotated[str, typer.Option(help="Names the payment; each counts once.")],
) -> None:
    """Note a payment of a partner: it frees so much of what the partner may owe."""
    paid = _amount(amount)

    async def act(url: str) -> bool:
        async with open_books(url) as books, books.database.begin(HUB_ACTOR) as tx:
            return await note_payment(tx, cap, paid, key=key)

    with hub_database(read_settings()) as url:
        is_new = uvloop.run(act(url))
    write_text("noted\n" if is_new else "noted before\n")


async def _list(url: str, *, every: bool) -> Sheet:
    async with open_books(url) as books, books.database.read(HUB_ACTOR) as tx:
        which = CapFilter(in_force_at=None if every else tx.now)
        return _sheet(await list_standings(tx, which), books.register)


def _sheet(standings: list[Standing], register: Register) -> Sheet:
    return Sheet("Caps", COLUMNS, tuple(_row(standing, register) for standing in standings))


def _row(standing: Standing, register: Register) -> tuple[str, ...]:
    cap = standing.cap
    left = "" if cap.kind in PER_WALLET else format_exact(cap.limit - standing.used)
    return (
        str(cap.cap_id),
        cap.kind.name.lower().replace("_", "-"),
        "" if cap.partner_id == 0 else register.get_partner_by_id(cap.partner_id).code,
        cap.subject,
        cap.currency or "",
        format_exact(cap.limit),
        format_exact(standing.used),
        left,
        cap.starts_at.isoformat(),
        "" if cap.ends_at == FOREVER else cap.ends_at.isoformat(),
        cap.renewal or "",
    )


def _amount(text: str) -> Decimal:
    try:
        return parse_decimal(text, MONEY_PLACES)
    except DecimalNotValid as refusal:
        end_command(f"hub: {refusal}", ExitCode.INVALID_INPUT)
