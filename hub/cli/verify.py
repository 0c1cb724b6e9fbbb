"""The command `hub verify`."""

from pathlib import Path
from typing import Annotated

import typer

from hub.cli.exit_codes import ExitCode, describe_exit_codes, end_command
from hub.cli.output import Format, print_json, write_text
from hub.cli.written import write_file
from hub.ledger.log.standalone import write_verifier
from hub.ledger.log.verifier.checks import Report, describe, read_file, verify_bundle
from hub.ledger.log.verifier.notes import read_keys
from hub.ledger.log.verifier.shapes import Wrong

app = typer.Typer(add_completion=False, rich_markup_mode=None)

EPILOG = f"""
Examples:

  hub verify may.json --key hub.pub                    is it all in the books?

  hub verify june.json --key hub.pub --older may.json  and did the books only grow?

  hub verify --write-verifier verify_statement.py      the same as one file, to give away

{describe_exit_codes()}
"""


@app.command(epilog=EPILOG)
def verify(
    bundle: Annotated[
        Path | None, typer.Argument(help="The bundle to verify.", show_default=False)
    ] = None,
    *,
    key: Annotated[
        Path | None,
        typer.Option(help="Public keys of the hub, from another source than the bundle."),
    ] = None,
    older: Annotated[
        Path | None, typer.Option(help="A bundle given before, which this one must build on.")
    ] = None,
    verifier: Annotated[
        Path | None,
        typer.Option(
            "--write-verifier",
            metavar="FILE",
            help="Write the verifier as one file of Python, and verify nothing.",
        ),
    ] = None,
    output_format: Annotated[
        Format, typer.Option("--format", help="`table` for a person, `json` for a program.")
    ] = Format.TABLE,
) -> None:
    """Verify a bundle of entries by the hub's public keys; needs no database.

    Names what is wrong: the entry and the part of it, the proof, the signature, the total. The exit
    status is 1 then.
    """
    if verifier is not None:
        write_file(verifier, write_verifier().encode())
        return
    if bundle is None or key is None:
        raise typer.BadParameter("name a bundle, and the hub's keys by --key")
    try:
        keys = read_keys(read_file(key, "key"))
        content = read_file(bundle, "bundle")
        before = None if older is None else read_file(older, "older bundle")
    except Wrong as wrong:
        end_command(f"hub: {wrong}", ExitCode.INVALID_INPUT)
    report = verify_bundle(content, keys, older=before)
    print_report(report, output_format)
    if report.wrongs:
        end_command("hub: the bundle is not verified", ExitCode.REFUSED)


def print_report(report: Report, output_format: Format) -> None:
    """Print what was verified, or what is wrong."""
    if output_format is not Format.JSON:
        write_text(describe(report))
        return
    wrongs = [
        {"place": wrong.place, "part": wrong.part, "problem": wrong.problem}
        for wrong in report.wrongs
    ]
    print_json(
        {
            "is_verified": not wrongs,
            "entry_count": report.entry_count,
            "signed_at": report.signed_at or None,
            "wrongs": wrongs,
        }
    )
