"""The exit statuses of `hub`, and what each means."""

import sys
from enum import IntEnum
from typing import Final, NoReturn


class ExitCode(IntEnum):
    """How a command ended; scripts may rely on the numbers."""

    OK = 0
    REFUSED = 1
    INVALID_INPUT = 2
    UNREACHABLE = 3
    FAULT = 70
    INTERRUPTED = 130


EXIT_MEANINGS: Final = {
    ExitCode.OK: "done",
    ExitCode.REFUSED: "refused by the rules, or two things that should be equal differ",
    ExitCode.INVALID_INPUT: "a file or an argument is not valid; nothing was done",
    ExitCode.UNREACHABLE: "the database or another server cannot be reached",
    ExitCode.FAULT: "a mistake of ours; the log says more",
    ExitCode.INTERRUPTED: "interrupted from the keyboard",
}


def describe_exit_codes() -> str:
    """Say what the exit statuses mean, for the end of a help text."""
    lines = [f"{code.value} {meaning}" for code, meaning in EXIT_MEANINGS.items()]
    return "Exit status: " + "; ".join(lines) + "."


def end_command(sentence: str, code: ExitCode) -> NoReturn:
    """Print one line to standard error and end the command with an exit status."""
    sys.stderr.write(sentence + "\n")
    raise SystemExit(code)
