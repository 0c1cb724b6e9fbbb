"""Whether access tokens are still good: what may have ended since they were made."""

import asyncio
import contextlib
import time
from collections import OrderedDict
from typing import Final

from auth.oauth.store import Showing, fetch_valid
from hub.kernel.actor import Credential
from hub.kernel.kept import KeptConnection

VERDICT_SECONDS: Final = 5
VERDICTS_MAX: Final = 10_000
ASKED_AT_ONCE_MAX: Final = 1000
NANOSECONDS: Final = 1_000_000_000


class Verdicts:
    """Which tokens were found valid a moment ago, so that a read costs no query.

    `forget` when anything was revoked anywhere: every process is told at that commit. A process
    that cannot be told is at most five seconds behind, and never for what moves points. Many who
    ask at once are answered by one statement, on a connection of its own.
    """

    def __init__(self, kept: KeptConnection) -> None:
        self._kept = kept
        self._valid_until: OrderedDict[Showing, int] = OrderedDict()
        self._changes = 0
        self._asked: dict[Showing, asyncio.Future[bool]] = {}
        self._task: asyncio.Task[None] | None = None

    async def forget(self) -> None:
        """Ask again about every token."""
        self._changes += 1
        self._valid_until.clear()

    def is_known_valid(self, credential: Credential) -> bool:
        """Whether a token was found valid less than five seconds ago."""
        until = self._valid_until.get(_showing(credential))
        return until is not None and time.monotonic_ns() < until

    async def ask(self, credential: Credential) -> bool:
        """Ask the database whether a token is still good."""
        shown = _showing(credential)
        future = self._asked.get(shown)
        if future is None:
            future = self._asked[shown] = asyncio.get_running_loop().create_future()
        if self._task is None or self._task.done():
            self._task = asyncio.create_task(self._answer())
        return await asyncio.shield(future)

    async def close(self) -> None:
        """Answer nobody any more, and close the connection."""
        if self._task is not None:
            self._task.cancel()
            with contextlib.suppress(asyncio.CancelledError):
                await self._task
        await self._kept.close()

    async def _answer(self) -> None:
        while self._asked:
            await asyncio.sleep(0)  # whoever asks now is answered by the same query
            asked = dict(list(self._asked.items())[:ASKED_AT_ONCE_MAX])
            for shown in asked:
                del self._asked[shown]
            changes, asked_at = self._changes, time.monotonic_ns()
            try:
                async with self._kept.use() as connection:
                    valid = await fetch_valid(connection, list(asked))
            except Exception as error:  # noqa: BLE001 (whatever it is, the askers must hear of it)
                for future in asked.values():
                    future.set_exception(error)
                continue
            for shown, future in asked.items():
                future.set_result(shown in valid)
            if changes == self._changes:  # else what was revoked meanwhile may not be in it
                self._remember(valid, asked_at)

    def _remember(self, valid: set[Showing], asked_at: int) -> None:
        until = asked_at + VERDICT_SECONDS * NANOSECONDS
        for shown in valid:
            self._valid_until[shown] = until
            self._valid_until.move_to_end(shown)
        while len(self._valid_until) > VERDICTS_MAX:
            self._valid_until.popitem(last=False)


def _showing(credential: Credential) -> Showing:
    assert credential.token_id, "access tokens have one"
    assert credential.client_id, "access tokens have one"
    return Showing(credential.token_id, credential.client_id, credential.grant_id)
