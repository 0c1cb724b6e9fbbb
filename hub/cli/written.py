"""Files that commands write."""

from pathlib import Path

from hub.cli.exit_codes import ExitCode, end_command
from hub.cli.strict_json import show_path


def write_file(path: Path, content: bytes) -> None:
    """Write a file whole; a place that cannot be written ends the command."""
    try:
        path.write_bytes(content)
    except OSError as error:
        sentence = f"hub: {show_path(path)} cannot be written: {error.strerror}"
        end_command(sentence, ExitCode.INVALID_INPUT)
