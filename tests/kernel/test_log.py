"""What the hub tells: one line per event, on stderr, for people or for machines."""

import json
import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).parent.parent.parent
PROGRAM = """
import logging, structlog
from hub.kernel.log import *
set_up_log(style=LogStyle.{style}, level=LogLevel.INFO)
structlog.contextvars.bind_contextvars(actor="partner:air")
log = structlog.get_logger()
log.debug("lane.locked", lane=1)
log.info("window.closed", window_id=7)
logging.getLogger("uvicorn").warning("port %d is taken", 8000)
try:
    1 / 0
except ZeroDivisionError:
    log.exception("batch.failed")
"""


def run(style: str) -> subprocess.CompletedProcess[str]:
    """Log in a process of its own: logging is set up once per process."""
    program = PROGRAM.format(style=style)
    return subprocess.run(
        [sys.executable, "-c", program], capture_output=True, text=True, check=True, cwd=ROOT
    )


def test_machines_read_one_json_object_per_line():
    ended = run("JSON")
    lines = [json.loads(line) for line in ended.stderr.splitlines()]

    assert ended.stdout == ""
    assert [line.pop("timestamp")[-1] for line in lines] == ["Z", "Z", "Z"]
    assert lines[0] == {
        "event": "window.closed",
        "level": "info",
        "window_id": 7,
        "actor": "partner:air",
    }
    assert lines[1] == {
        "event": "port 8000 is taken",
        "level": "warning",
        "actor": "partner:air",
    }
    assert lines[2]["event"] == "batch.failed"
    assert lines[2]["exception"][0]["exc_type"] == "ZeroDivisionError"


def test_people_read_plain_lines_without_colours_in_a_file():
    ended = run("CONSOLE")

    assert "window.closed" in ended.stderr
    assert "window_id=7" in ended.stderr
    assert "\x1b[" not in ended.stderr
