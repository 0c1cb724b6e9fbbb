"""The naive transaction: one statement after another, as most people write it."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from struct import pack
from typing import Any, Final, TypeAlias

import asyncpg
from asyncpg.pgproto.pgproto import UUID

from benchmarks.engines.pool import Pool
from benchmarks.load import REASON, Order
from hub.ledger.entries import EntryKind
from hub.ledger.operations import Code

Connection: TypeAlias = "asyncpg.pool.PoolConnectionProxy[asyncpg.Record]"

_ISSUE: Final = EntryKind.ISSUE.value
_REDEEM: Final = EntryKind.REDEEM.value

_LOCK_WALLET: Final = (
    "SELECT balance_points, held_points, is_open FROM naive.wallets"
    " WHERE lane = 0 AND wallet_id = $1 FOR UPDATE"
)
_FIND_KEY: Final = "SELECT request_hash, code FROM naive.keys WHERE lane = 0 AND key_hash = $1"
_FIND_TERMS: Final = (
    "SELECT terms_id FROM ledger.terms_spans"
    " WHERE partner_id = $1 AND effective_from <= now() AND now() < effective_until"
)
_INSERT_ENTRY: Final = """
WITH given AS MATERIALIZED (
    SELECT nextval('naive.entry_seq') AS seq, gen_random_uuid() AS salt, now() AS at)
INSERT INTO naive.entries (lane, seq, kind, partner_id, wallet_id, points, terms_id, lot_id, reason,
    reference, ends_at, occurred_at, decided_at, posted_at, segment_id, actor, request_hash, salt,
    leaf_hash)
SELECT 0, g.seq, $1::smallint, $2, $3, $4, $5, CASE WHEN $1 = 1 THEN g.seq END, $6::text, $7::text,
    $10, g.at, g.at, g.at, 1, $8::text, $9, g.salt,
    ledger.leaf_hash(g.salt, 0::smallint, g.seq, $1, $2::integer, $3::bigint, NULL, NULL,
        $4::bigint, NULL, NULL, NULL, $5::integer, NULL, CASE WHEN $1 = 1 THEN g.seq END, g.at,
        g.at, g.at, NULL, $10::timestamptz, $9::uuid, $8::text, $6::text, $7::text, NULL, NULL,
        NULL, CASE WHEN $1 = 1 THEN ledger.lot_body($2,
            (extract(epoch FROM g.at) * 1000000)::bigint, NULL, NULL, NULL, NULL) END, $11::bytea)
FROM given g RETURNING seq
"""
_INSERT_REFERENCE: Final = (
    "INSERT INTO naive.issue_references (reference_hash, lane, seq) VALUES ($1, 0, $2)"
    " ON CONFLICT DO NOTHING RETURNING seq"
)
_INSERT_LOT: Final = """
INSERT INTO naive.lots (lane, lot_id, wallet_id, issuer_id, funder_id, issue_terms_id, points,
    remaining_points, issue_rank, expires_at, source_seq)
VALUES (0, $1, $2, $3, $3, $4, $5, $5, (extract(epoch FROM now()) * 1000000)::bigint, $6, $1)
"""
_CHANGE_WALLET: Final = (
    "UPDATE naive.wallets SET balance_points = balance_points + $2, last_seq = $3"
    " WHERE lane = 0 AND wallet_id = $1"
)
_ADD_FLOW: Final = """
INSERT INTO naive.flows AS f VALUES (0, 1, $1, $2, $3, $4, $5, false, $6, $7)
ON CONFLICT (lane, segment_id, kind, issuer_id, acceptor_id, issue_terms_id, acceptor_terms_id,
    is_reversal)
DO UPDATE SET points = f.points + excluded.points,
    entry_count = f.entry_count + excluded.entry_count
"""
_ADD_LIABILITY: Final = """
INSERT INTO naive.liabilities AS l
VALUES (0, $1, $2, date_trunc('month', $3::timestamptz)::date, $4)
ON CONFLICT (lane, issuer_id, issue_terms_id, expires_month)
DO UPDATE SET points = l.points + excluded.points
"""
_INSERT_KEY: Final = (
    "INSERT INTO naive.keys (lane, key_hash, request_hash, code, seq, detail, posted_at)"
    " VALUES (0, $1, $2, $3, $4, $5, now())"
)
_LIST_LOTS: Final = """
SELECT lot_id, issuer_id, issue_terms_id, expires_at, remaining_points - held_points AS free
FROM naive.lots
WHERE lane = 0 AND wallet_id = $1 AND is_open AND expires_at > now() AND available_at <= now()
  AND remaining_points > held_points
ORDER BY expires_at, issue_rank, lot_id
"""
_TAKE_FROM_LOT: Final = (
    "UPDATE naive.lots SET remaining_points = remaining_points - $2,"
    " is_open = remaining_points > $2 WHERE lane = 0 AND lot_id = $1"
)
_INSERT_ALLOCATION: Final = """
INSERT INTO naive.allocations (lane, seq, line, kind, is_reversal, lot_id, points, issuer_id,
    acceptor_id, issue_terms_id, acceptor_terms_id)
VALUES (0, $1, $2, 2, false, $3, $4, $5, $6, $7, $8)
"""


@dataclass(frozen=True, slots=True)
class _Draw:
    """Points to take from one lot."""

    lot_id: int
    issuer_id: int
    terms_id: int
    expires_at: datetime
    points: int
    line: int


@dataclass(frozen=True, slots=True)
class Statements:
    """A transaction per order, on whichever connection is free."""

    pool: Pool

    async def issue(self, order: Order) -> int:
        """Issue; 1 when it is refused."""
        party = order.party
        async with self.pool.acquire() as connection, connection.transaction():
            code = await _begin(connection, order)
            if code is not None:
                return int(code != 0)
            terms_id = await connection.fetchval(_FIND_TERMS, party.partner_id)
            seq = await _insert_entry(connection, order, _ISSUE, terms_id, b"")
            if not await connection.fetchval(_INSERT_REFERENCE, UUID(order.reference_hash), seq):
                raise asyncpg.UniqueViolationError("the reference has issued already")
            await connection.execute(
                _INSERT_LOT,
                seq,
                order.wallet.number,
                party.partner_id,
                terms_id,
                order.points,
                order.expires_at,
            )
            await connection.execute(_CHANGE_WALLET, order.wallet.number, order.points, seq)
            await _insert_key(connection, order, code=0, seq=seq, lot_id=seq)
            await connection.execute(
                _ADD_FLOW, _ISSUE, party.partner_id, 0, terms_id, 0, order.points, 1
            )
            await connection.execute(
                _ADD_LIABILITY, party.partner_id, terms_id, order.expires_at, order.points
            )
        return 0

    async def redeem(self, order: Order) -> int:
        """Redeem; 1 when it is refused."""
        partner_id = order.party.partner_id
        async with self.pool.acquire() as connection, connection.transaction():
            code = await _begin(connection, order)
            if code is not None:
                return int(code != 0)
            terms_id = await connection.fetchval(_FIND_TERMS, partner_id)
            draws = _draw(await connection.fetch(_LIST_LOTS, order.wallet.number), order.points)
            if draws is None:
                await _insert_key(connection, order, code=1, seq=None, lot_id=None)
                return 1
            body = _body(draws, partner_id, terms_id)
            seq = await _insert_entry(connection, order, _REDEEM, terms_id, body)
            for draw in draws:
                await connection.execute(_TAKE_FROM_LOT, draw.lot_id, draw.points)
                await connection.execute(
                    _INSERT_ALLOCATION,
                    seq,
                    draw.line,
                    draw.lot_id,
                    -draw.points,
                    draw.issuer_id,
                    partner_id,
                    draw.terms_id,
                    terms_id,
                )
            await connection.execute(_CHANGE_WALLET, order.wallet.number, -order.points, seq)
            await _insert_key(connection, order, code=0, seq=seq, lot_id=None)
            await _add_up(connection, draws, partner_id, terms_id)
        return 0


async def _begin(connection: Connection, order: Order) -> int | None:
    """Lock the wallet and look the key up; gives a code when there is nothing left to do."""
    wallet = await connection.fetchrow(_LOCK_WALLET, order.wallet.number)
    answered = await connection.fetchrow(_FIND_KEY, UUID(order.key_hash))
    if answered is not None:
        is_replay = answered["request_hash"] == UUID(order.request_hash)
        return int(answered["code"]) if is_replay else Code.KEY_CONFLICT
    if wallet is None:
        return Code.WALLET_NOT_FOUND
    return None if wallet["is_open"] else Code.WALLET_CLOSED


async def _insert_entry(
    connection: Connection, order: Order, kind: int, terms_id: int, body: bytes
) -> int:
    seq: int = await connection.fetchval(
        _INSERT_ENTRY,
        kind,
        order.party.partner_id,
        order.wallet.number,
        order.points,
        terms_id,
        REASON if kind == _ISSUE else None,
        order.reference,
        order.actor,
        UUID(order.request_hash),
        order.expires_at if kind == _ISSUE else None,
        body,
    )
    return seq


async def _insert_key(
    connection: Connection, order: Order, *, code: int, seq: int | None, lot_id: int | None
) -> None:
    await connection.execute(
        _INSERT_KEY, UUID(order.key_hash), UUID(order.request_hash), code, seq, lot_id
    )


async def _add_up(
    connection: Connection, draws: Sequence[_Draw], partner_id: int, terms_id: int
) -> None:
    """Keep flows and liabilities: last, and in one order, or transactions would deadlock."""
    flows: dict[tuple[int, int], tuple[int, int]] = {}
    for draw in draws:
        points, entries = flows.get((draw.issuer_id, draw.terms_id), (0, 0))
        flows[draw.issuer_id, draw.terms_id] = (points + draw.points, entries + (draw.line == 1))
    for (issuer_id, issue_terms_id), (points, entries) in sorted(flows.items()):
        await connection.execute(
            _ADD_FLOW, _REDEEM, issuer_id, partner_id, issue_terms_id, terms_id, points, entries
        )
    for draw in sorted(draws, key=lambda d: (d.issuer_id, d.terms_id, d.expires_at)):
        await connection.execute(
            _ADD_LIABILITY, draw.issuer_id, draw.terms_id, draw.expires_at, -draw.points
        )


def _draw(lots: Sequence[Any], points: int) -> list[_Draw] | None:
    """Take points from lots in their order; None when there are not enough."""
    draws: list[_Draw] = []
    for line, lot in enumerate(lots, 1):
        taken = min(points, lot["free"])
        draws.append(
            _Draw(
                lot["lot_id"],
                lot["issuer_id"],
                lot["issue_terms_id"],
                lot["expires_at"],
                taken,
                line,
            )
        )
        points -= taken
        if points == 0:
            return draws
    return None


def _body(draws: Sequence[_Draw], acceptor_id: int, terms_id: int) -> bytes:
    """Write allocations as `ledger.allocation_body` does."""
    return b"".join(
        pack(
            ">hBqqqiiiiq",
            _REDEEM,
            0,
            draw.lot_id,
            -draw.points,
            0,
            draw.issuer_id,
            acceptor_id,
            draw.terms_id,
            terms_id,
            0,
        )
        for draw in draws
    )
