"""How a command ends when something went wrong: one sentence, and a status for scripts.

The modules that know the database are imported only here and now: help must not wait for them.
"""

from datetime import datetime
from typing import NoReturn

import structlog

from hub.cli.exit_codes import ExitCode, end_command
from hub.cli.instants import format_instant
from hub.kernel.errors import DatabaseUnreachable, DomainError

log = structlog.get_logger()


def end_by_error(error: Exception) -> NoReturn:
    """End a command by an error: a refusal, a database out of reach, or a mistake of ours."""
    from hub.kernel.reach import is_connection_lost  # noqa: PLC0415 (see above)
    from hub.ledger.errors import OutcomeUnknown  # noqa: PLC0415

    if isinstance(error, DatabaseUnreachable | OutcomeUnknown):
        end_command(f"hub: {describe(error)}", ExitCode.UNREACHABLE)
    if isinstance(error, DomainError):
        end_command(f"hub: {describe(error)}", ExitCode.REFUSED)
    if is_connection_lost(error):
        sentence = "hub: The database went away; the same command may be given again."
        end_command(sentence, ExitCode.UNREACHABLE)
    log.error("cli.command_failed", exc_info=error)
    end_command("hub: A mistake of ours; the log above says more.", ExitCode.FAULT)


def first_of(error: Exception) -> Exception:
    """Find the first single error of what several tasks raised together."""
    while isinstance(error, ExceptionGroup):
        error = error.exceptions[0]
    return error


def describe(refusal: DomainError) -> str:
    """Say a refusal's sentence and its data, on one line: what was found, and what would pass.

    A refusal that writes its own sentence has put its data there.
    """
    names = getattr(refusal, "__dataclass_fields__", {})
    has_own_sentence = type(refusal).__str__ is not DomainError.__str__
    if has_own_sentence or not names:
        return str(refusal)
    data = ", ".join(f"{name} {_shown(getattr(refusal, name))}" for name in names)
    return f"{refusal} ({data})"


def _shown(value: object) -> str:
    if isinstance(value, datetime):
        return format_instant(value)
    return str(value) or "nothing"
