"""The `hub` command: its list of commands, each loaded only when it is called.

A command is a module that has `app`, a typer application of one command or of several. Loading
late keeps `hub --help` fast: nothing of the database or the schema is imported for it.
"""

from dataclasses import dataclass
from importlib import import_module
from typing import Final, cast

import typer
from typer.core import TyperCommand, TyperGroup
from typer.main import get_command

from hub.cli.endings import end_by_error, first_of
from hub.cli.exit_codes import ExitCode, describe_exit_codes, end_command
from hub.kernel.log import LogLevel, LogStyle, set_up_log


@dataclass(frozen=True, slots=True)
class LateCommand:
    """Where a command is, and the line that help prints of it."""

    module: str
    summary: str


COMMANDS: Final = {
    "serve": LateCommand("hub.cli.serve", "Serve the API on HTTP."),
    "work": LateCommand("hub.cli.work.command", "Run jobs and consumers, and look after them."),
    "staff": LateCommand("hub.cli.staff", "Invite people, and say what they may do."),
    "invite-member": LateCommand(
        "hub.cli.member_invitation", "Let a member make a passkey to sign in with."
    ),
    "audit-log": LateCommand("hub.cli.audit_log", "Show and verify who did what that matters."),
    "token": LateCommand("hub.cli.token", "Make a development token."),
    "client": LateCommand("hub.cli.client.command", "Let software of partners in."),
    "keys": LateCommand("hub.cli.keys", "List and rotate the keys that tokens are signed with."),
    "documents": LateCommand("hub.cli.documents", "Publish trusted documents, and list them."),
    "schema": LateCommand("hub.cli.schema", "Print the schema, and say who uses what of it."),
    "migrate": LateCommand("hub.cli.migrate", "Bring the database to the newest schema."),
    "demo": LateCommand("hub.cli.demo.command", "Load the demo coalition, settle it and serve it."),
    "coalition": LateCommand("hub.cli.coalition.command", "Apply a file of partners and terms."),
    "scenario": LateCommand(
        "hub.cli.scenario.command", "Ask what the hub would do with a file of terms and events."
    ),
    "replay": LateCommand(
        "hub.cli.replay.command", "Replay a folder of real receipts through the ledger."
    ),
    "caps": LateCommand("hub.cli.caps", "Say how much may be issued, accepted or owed."),
    "settle": LateCommand(
        "hub.cli.settle.command", "Close settlement windows and show what they owe."
    ),
    "check-books": LateCommand("hub.cli.check_books", "Check that the books are in order."),
    "seal": LateCommand("hub.cli.seal", "Sign what is in the books."),
    "export": LateCommand("hub.cli.export", "Write proofs for partners and auditors."),
    "verify": LateCommand("hub.cli.verify", "Verify a bundle of entries; needs no database."),
}

EPILOG: Final = f"""
Examples:

  hub demo                                     a coalition to look at

  hub scenario terms.json --format json        what would be owed

  hub scenario today.json proposal.json        what differs

  hub settle show --format csv                 the matrix of the last window

{describe_exit_codes()}
"""


class LateGroup(TyperGroup):
    """A group that imports a command when it is called, and not before."""

    def resolve_command(self, ctx, args):  # type: ignore[no-untyped-def]  # noqa: ANN001, ANN201
        """Load the command that is called, then go on as always."""
        if args and args[0] in COMMANDS:
            self.commands[args[0]] = load_command(args[0])
        return super().resolve_command(ctx, args)


def load_command(name: str) -> TyperCommand:
    """Import a command, and let what it logs go to standard error."""
    module = import_module(COMMANDS[name].module)
    set_up_log(style=LogStyle.CONSOLE, level=LogLevel.WARNING)
    command = cast("TyperCommand", get_command(module.app))
    command.name = name
    return command


app = typer.Typer(
    name="hub",
    cls=LateGroup,
    help="A loyalty hub for a coalition of partners: shared points, settled exactly.",
    epilog=EPILOG,
    no_args_is_help=True,
    add_completion=False,
    pretty_exceptions_enable=False,
    rich_markup_mode=None,
)


@app.callback()
def _root() -> None:
    """Take the options that all commands share: none so far."""


def build() -> TyperGroup:
    """Make the application with every command known by name, and none loaded."""
    group = cast("TyperGroup", get_command(app))
    for name, late in COMMANDS.items():
        group.commands.setdefault(name, TyperCommand(name=name, help=late.summary))
    return group


def main() -> None:
    """Run `hub`; whatever goes wrong ends in one line on standard error and an exit status."""
    try:
        build()()
    except KeyboardInterrupt:
        end_command("hub: interrupted", ExitCode.INTERRUPTED)
    except Exception as error:  # noqa: BLE001 (here everything ends)
        end_by_error(first_of(error))
