"""How often the endpoints of the provider may be called: by client, and by address."""

from dataclasses import dataclass
from typing import Final

from auth.oauth.errors import TOO_MANY, OAuthRefused
from auth.oauth.settings import OAuthSettings
from auth.rates.errors import TooManyRequests
from auth.rates.failing import Failures
from auth.rates.limits import Limit, take, try_take
from hub.kernel.tx import Database, Tx

MINUTE_SECONDS: Final = 60


@dataclass(frozen=True, slots=True)
class Ceilings:
    """How often who may call."""

    database: Database
    of_client: Limit
    of_address: Limit
    of_visits: Limit
    failures: Failures

    async def take_call(self, tx: Tx, client_id: str, address: str) -> int:
        """Count a call of a client that showed who it is; give the seconds it must wait, if any."""
        return await try_take(tx, {self.of_client: client_id, self.of_address: address})

    async def take_visit(self, address: str) -> None:
        """Count a browser that comes to the consent page.

        Errors: OAuthRefused.
        """
        try:
            await take(self.database, self.of_visits, address)
        except TooManyRequests as refusal:
            raise too_often(refusal.retry_after_seconds) from None

    async def note_failure(self, address: str) -> None:
        """Count a call of nobody known.

        Errors: OAuthRefused, in place of what is wrong with it.
        """
        try:
            await self.failures.note(address)
        except TooManyRequests as refusal:
            raise too_often(refusal.retry_after_seconds) from None


def open_ceilings(database: Database, settings: OAuthSettings) -> Ceilings:
    """Make the limits that the settings say."""
    calls = settings.address_calls_per_minute
    return Ceilings(
        database,
        Limit("oauth_client", settings.client_calls_per_minute, MINUTE_SECONDS),
        Limit("oauth_address", calls, MINUTE_SECONDS),
        Limit("oauth_visits", calls, MINUTE_SECONDS),
        Failures(
            database, Limit("failed_calls", settings.address_failures_per_minute, MINUTE_SECONDS)
        ),
    )


def too_often(retry_after_seconds: int) -> OAuthRefused:
    """Say that it was too often, and from when on it is not.

    RFC 6749 has this code for a server that cannot answer now; RFC 6585 has the status.
    """
    return OAuthRefused(
        "temporarily_unavailable",
        f"too many calls: try again in {retry_after_seconds} seconds",
        TOO_MANY,
        retry_after_seconds,
    )
