"""Who the server runs as: PostgreSQL refuses root, so root hands it to somebody unprivileged."""

import os
import pwd
import subprocess
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from hub.kernel.embedded.errors import NoServerAccount

# Accounts that exist already: making one would change the machine for a demo.
UNPRIVILEGED = ("postgres", "nobody")
RUN_SECONDS_MAX = 120


@dataclass(frozen=True, slots=True)
class Account:
    """An account of the operating system that may run the server."""

    uid: int
    gid: int

    @property
    def is_other(self) -> bool:
        """Whether the server runs as somebody else than we do."""
        return self.uid != os.geteuid()


def choose_account(cluster: Path) -> Account:
    """Choose who runs the server: ourselves, or for root the owner of the data, else nobody.

    The owner comes first so that root, visiting a user's clone, leaves files its user can use.

    Errors: NoServerAccount.
    """
    if os.geteuid() != 0:
        return Account(os.geteuid(), os.getegid())
    if cluster.exists() and cluster.stat().st_uid != 0:
        owner = cluster.stat()
        return Account(owner.st_uid, owner.st_gid)
    for name in UNPRIVILEGED:
        try:
            entry = pwd.getpwnam(name)
        except KeyError:
            continue
        return Account(entry.pw_uid, entry.pw_gid)
    raise NoServerAccount


def run_as(account: Account, command: Sequence[str | Path]) -> subprocess.CompletedProcess[str]:
    """Run a command to its end as the account, with nothing inherited but the environment.

    The working directory is `/` because the caller's may be closed to the account; the session
    is new so that Ctrl-C in the caller's terminal does not reach a server started this way.
    """
    other = account.is_other
    return subprocess.run(
        command,
        stdin=subprocess.DEVNULL,
        capture_output=True,
        text=True,
        check=False,
        timeout=RUN_SECONDS_MAX,
        cwd="/",
        umask=0o077,
        start_new_session=True,
        user=account.uid if other else None,
        group=account.gid if other else None,
        extra_groups=[] if other else None,
    )


def is_open_to(account: Account, directory: Path) -> bool:
    """Tell whether the account can walk to a directory, by letting it try (modes, ACLs, mounts)."""
    if not account.is_other:
        return os.access(directory, os.X_OK)
    walk = run_as(account, ["/bin/sh", "-c", 'cd "$1"', "sh", directory])
    return walk.returncode == 0


def give_to(account: Account, path: Path) -> None:
    """Make the account the owner of something we have just created."""
    if account.is_other:
        os.chown(path, account.uid, account.gid)
