"""Failures by address: counted for all processes, and past the limit answered without a count."""

from collections import OrderedDict
from datetime import datetime, timedelta
from typing import Final

from auth.rates.errors import TooManyRequests
from auth.rates.limits import Limit, take
from hub.kernel.tx import Database

REMEMBERED_MAX: Final = 10_000


class Failures:
    """Counts what fails, by where it comes from.

    What is good is never asked for its address: behind a proxy that is not named in the settings
    all have one, and nobody may lock the others out. Nothing here can be guessed by trying; what is
    limited is the work, the log, and the questions to the database.
    """

    def __init__(self, database: Database, limit: Limit) -> None:
        self._database = database
        self._limit = limit
        self._full_until: OrderedDict[str, datetime] = OrderedDict()

    async def note(self, address: str) -> None:
        """Count a failure.

        Errors: TooManyRequests, in place of saying what is wrong.
        """
        now = self._database.clock()
        until = self._full_until.get(address)
        # No wait ends later, but one from before the clock was set back.
        latest = now + timedelta(seconds=self._limit.seconds)
        if until is not None and now < until <= latest:
            raise TooManyRequests(-((now - until) // timedelta(seconds=1)))
        try:
            await take(self._database, self._limit, address)
        except TooManyRequests as refusal:
            wait = timedelta(seconds=refusal.retry_after_seconds)
            self._full_until[address] = now + wait
            if len(self._full_until) > REMEMBERED_MAX:
                self._full_until.popitem(last=False)
            raise
        self._full_until.pop(address, None)
