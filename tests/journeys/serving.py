"""Run the server as a program, beside a test."""

import contextlib
import os
import re
import signal
import subprocess
import sys

SECONDS_MAX = 60


@contextlib.contextmanager
def running(database_url, *arguments, **environment):
    """Run `hub` beside the test until the block ends; gives the process."""
    process = subprocess.Popen(
        [sys.executable, "-m", "hub", *arguments],
        env={**os.environ, "HUB_DATABASE_URL": database_url, **environment},
        stderr=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
    )
    try:
        yield process
    finally:
        if process.poll() is None:
            process.send_signal(signal.SIGTERM)
        with contextlib.suppress(subprocess.TimeoutExpired):
            process.communicate(timeout=SECONDS_MAX)
        process.kill()


def read_greeting(process):
    """Read what the server says until it has said everything; give its address and tokens."""
    text = ""
    for line in process.stderr:
        text += line
        if "settlementWindows" in line:
            break
    address = re.search(r"http://127\.0\.0\.1:\d+/graphql", text)[0]
    return address, dict(re.findall(r"Token of (\S+), shown only now:\s+(dev_\S+)", text))
