"""One function call per request: all statements in one plpgsql function, one round trip."""

from dataclasses import dataclass
from typing import Final

from asyncpg.pgproto.pgproto import UUID

from benchmarks.engines.pool import Pool
from benchmarks.load import REASON, Order

_ISSUE: Final = "SELECT naive.issue_one($1, $2, $3, $4, $5, $6, $7, $8, $9, $10)"
_REDEEM: Final = "SELECT naive.redeem_one($1, $2, $3, $4, $5, $6, $7)"


@dataclass(frozen=True, slots=True)
class FunctionCall:
    """Calls a function of naive.sql for each order, on whichever connection is free."""

    pool: Pool

    async def issue(self, order: Order) -> int:
        """Issue; 1 when it is refused."""
        code = await self.pool.fetchval(
            _ISSUE,
            order.party.partner_id,
            order.wallet.number,
            order.points,
            UUID(order.key_hash),
            UUID(order.request_hash),
            order.actor,
            UUID(order.reference_hash),
            order.reference,
            REASON,
            order.expires_at,
        )
        return int(code != 0)

    async def redeem(self, order: Order) -> int:
        """Redeem; 1 when it is refused."""
        code = await self.pool.fetchval(
            _REDEEM,
            order.party.partner_id,
            order.wallet.number,
            order.points,
            UUID(order.key_hash),
            UUID(order.request_hash),
            order.actor,
            order.reference,
        )
        return int(code != 0)
