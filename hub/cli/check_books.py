"""The command `hub check-books`."""

import asyncio
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Annotated, Final

import typer

from hub.cli.database import hub_database, open_books
from hub.cli.exit_codes import ExitCode, describe_exit_codes, end_command
from hub.cli.output import (
    Column,
    Format,
    Sheet,
    print_csv,
    print_json,
    print_sheets,
    progress_bar,
    remark_console,
    result_console,
    sheet_objects,
)
from hub.kernel.actor import HUB_ACTOR
from hub.ledger.journal.repairs import plan_repairs
from hub.ledger.journal.rules import LEDGER_RULES, Violation
from hub.ledger.journal.store import audit_ledger
from hub.ledger.log.checking import LOG_RULES, check_log
from hub.settings import read_settings
from settlement.recompute import (
    SETTLEMENT_RULES,
    check_calendars,
    check_windows,
    list_closed_windows,
)

SHOWN_MAX: Final = 20
"""Places shown of each rule: the first ones nearly always tell what happened."""

app = typer.Typer(add_completion=False, rich_markup_mode=None)

EPILOG: Final = f"""
Examples:

  hub check-books                    every rule, and what is wrong

  hub check-books --format json      for a program

  hub check-books --format csv       a row for each place

  hub check-books --repair-plan      and what would put it right; it repairs nothing

{describe_exit_codes()}
"""


@dataclass(frozen=True, slots=True)
class Findings:
    """How often each rule is violated, and at most `SHOWN_MAX` places of each."""

    counts: dict[str, int]
    violations: tuple[Violation, ...]

    @property
    def violation_count(self) -> int:
        """How many places are wrong."""
        return sum(self.counts.values())


@app.command(epilog=EPILOG)
def check_books(
    *,
    output_format: Annotated[
        Format, typer.Option("--format", help="How to print what was found.")
    ] = Format.TABLE,
    repair_plan: Annotated[
        bool,
        typer.Option(
            "--repair-plan", help="Say what would put each place right. It repairs nothing."
        ),
    ] = False,
) -> None:
    """Check that the books are in order; the exit status is 1 when they are not.

    Adds the whole journal up anew and compares it with wallets, lots, flows and liabilities, hashes
    it anew and compares it with the last signed checkpoint, then settles every closed window from
    the journal and compares it with its cells and its seal.
    """
    with hub_database(read_settings()) as url, progress_bar(remark_console()) as bar:
        task = bar.add_task("check", total=None)

        def advance(done_count: int, total: int) -> None:
            bar.update(task, completed=done_count, total=total)

        findings = asyncio.run(_check(url, advance))
    print_findings(findings, output_format, has_plan=repair_plan)
    if findings.violation_count:
        noun = "place is" if findings.violation_count == 1 else "places are"
        sentence = f"hub: {findings.violation_count} {noun} wrong in the books"
        end_command(sentence, ExitCode.REFUSED)


async def _check(url: str, advance: Callable[[int, int], None]) -> Findings:
    """Check everything in one snapshot."""
    counts = dict.fromkeys((*LEDGER_RULES, *LOG_RULES, *SETTLEMENT_RULES), 0)
    shown: list[Violation] = []
    async with open_books(url) as books, books.database.read(HUB_ACTOR) as tx:
        windows = await list_closed_windows(tx)
        steps = len(windows) + 2
        advance(0, steps)
        for rule in await audit_ledger(tx, shown_max=SHOWN_MAX):
            counts[rule.rule] = counts.get(rule.rule, 0) + rule.count
            shown += rule.violations
        advance(1, steps)
        await check_log(tx, lambda violation: _note(counts, shown, [violation]))
        advance(2, steps)
        _note(counts, shown, await check_calendars(tx))
        done_count = 2
        async for found in check_windows(tx, books.register, windows):
            _note(counts, shown, found)
            done_count += 1
            advance(done_count, steps)
    return Findings(counts, tuple(shown))


def _note(counts: dict[str, int], shown: list[Violation], found: Sequence[Violation]) -> None:
    for violation in found:
        counts[violation.rule] += 1
        if counts[violation.rule] <= SHOWN_MAX:
            shown.append(violation)


def print_findings(findings: Findings, output_format: Format, *, has_plan: bool) -> None:
    """Print every rule with its count, every place that is wrong, and what would put it right."""
    plan = [plan_sheet(findings)] if has_plan else []
    match output_format:
        case Format.JSON:
            told: dict[str, object] = {
                "is_in_order": findings.violation_count == 0,
                "rules": dict(findings.counts),
                "violations": sheet_objects(violations_sheet(findings)),
            }
            for sheet in plan:
                told["repair_plan"] = sheet_objects(sheet)
            print_json(told)
        case Format.CSV:
            for sheet in plan or [violations_sheet(findings)]:
                print_csv(sheet)
        case Format.TABLE:
            sheets = [rules_sheet(findings)]
            if findings.violations:
                sheets += [violations_sheet(findings), *plan]
            print_sheets(result_console(), sheets)


def plan_sheet(findings: Findings) -> Sheet:
    """List what would put each place right: words, and the entries that would correct it."""
    columns = tuple(
        Column(name, is_number=False)
        for name in ("rule", "nature", "wrong", "remedy", "correction entries")
    )
    rows = tuple(
        (one.rule, one.nature.value, one.wrong, one.remedy, "; ".join(one.entries) or "none")
        for one in plan_repairs(findings.violations)
    )
    return Sheet("What would put it right (nothing was repaired)", columns, rows)


def rules_sheet(findings: Findings) -> Sheet:
    """Show every rule, and at how many places it does not hold."""
    rows = tuple(
        (rule, "ok" if count == 0 else "WRONG", str(count) if count else "")
        for rule, count in findings.counts.items()
    )
    total = findings.violation_count
    title = "The books are in order" if total == 0 else f"{total} wrong"
    columns = (
        Column("rule", is_number=False),
        Column("", is_number=False),
        Column("places", is_number=True),
    )
    return Sheet(title, columns, rows)


def violations_sheet(findings: Findings) -> Sheet:
    """List what is wrong: the rule, the place, what is there and what should be."""
    columns = tuple(
        Column(name, is_number=False) for name in ("rule", "place", "found", "expected")
    )
    rows = tuple((v.rule, v.place, v.found, v.expected) for v in findings.violations)
    return Sheet(f"What is wrong (at most {SHOWN_MAX} places of a rule)", columns, rows)
