"""Who uses the server: file locks that the kernel lets go when their holder dies, however it dies.

Two locks per server. The *door* is held by whoever starts or stops it, one at a time. The *guest
book* is held shared by everybody who uses it; who gets it alone knows to be the last one out.
"""

import fcntl
import os
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import IO

from hub.kernel.embedded.account import Account, give_to
from hub.kernel.embedded.errors import PlaceClosed, ServerBusy

POLL_SECONDS = 0.05


class Lease:
    """One user's line in the guest book; ends with `end`, or with the process."""

    def __init__(self, cluster: Path, account: Account) -> None:
        """Sign the guest book. The caller holds the door, so nobody is stopping the server."""
        self._book = _open(_guest_book(cluster), account)
        fcntl.flock(self._book, fcntl.LOCK_SH)

    @property
    def is_held(self) -> bool:
        """Whether this user is still in the house."""
        return not self._book.closed

    def end(self) -> None:
        """Cross the line out. The file is closed, which lets the lock go."""
        self._book.close()


@contextmanager
def hold_door(cluster: Path, account: Account, seconds_max: int) -> Iterator[None]:
    """Be the only one who starts or stops the server.

    Errors: PlaceClosed, ServerBusy.
    """
    deadline = time.monotonic() + seconds_max
    with _open(cluster.with_name(cluster.name + ".door"), account) as door:
        while not _try_alone(door):
            if time.monotonic() > deadline:
                raise ServerBusy(cluster, waited_seconds=seconds_max)
            time.sleep(POLL_SECONDS)
        yield


def is_unused(cluster: Path, account: Account) -> bool:
    """Tell whether nobody uses the server. The caller holds the door, so nobody can come in."""
    with _open(_guest_book(cluster), account) as book:
        return _try_alone(book)


def _guest_book(cluster: Path) -> Path:
    return cluster.with_name(cluster.name + ".guests")


def _open(path: Path, account: Account) -> IO[bytes]:
    try:
        is_new = not path.exists()
        descriptor = os.open(path, os.O_RDWR | os.O_CREAT | os.O_NOFOLLOW, 0o600)
    except PermissionError:
        raise PlaceClosed(path) from None
    if is_new:
        give_to(account, path)
    return os.fdopen(descriptor, "r+b", buffering=0)


def _try_alone(file: IO[bytes]) -> bool:
    try:
        fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        return False
    return True
