"""Record what matters, sign the newest record, and see whether the log is whole."""

from dataclasses import dataclass
from typing import Final

import orjson
from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric.ed25519 import (
    Ed25519PrivateKey,
    Ed25519PublicKey,
)

from auth.audit import store
from auth.audit.chain import Break, Head, Record, find_breaks, write_head
from auth.keys import open_key
from hub.kernel.actor import HUB_ACTOR, Actor
from hub.kernel.tx import Database, ReadTx, Tx

HEAD_KEY: Final = "audit_head"
DETAIL_CHARACTERS_MAX: Final = 2_000

Detail = str | int | bool | None


@dataclass(frozen=True, slots=True)
class Verdict:
    """What a look at the whole log found."""

    record_count: int
    head: Head | None
    breaks: tuple[Break, ...]


async def record(
    tx: Tx, event: str, *, actor: Actor | None = None, subject: str = "", **detail: Detail
) -> int:
    """Append a record in this transaction; `actor` is who did it, else whose transaction it is.

    The log is locked until the transaction ends: call it late.
    """
    who = actor or tx.actor
    written = orjson.dumps(detail, option=orjson.OPT_SORT_KEYS).decode()
    assert len(written) <= DETAIL_CHARACTERS_MAX, "ids only"
    return await store.append(
        tx,
        event=event,
        actor=str(who),
        person_id=who.credential.staff_id,
        client_id=who.credential.client_id,
        subject=subject,
        detail=written,
    )


async def record_apart(
    database: Database, event: str, *, actor: Actor, subject: str = "", **detail: Detail
) -> None:
    """Append a record in a transaction of its own: of what was refused, and so rolled back."""
    async with database.begin(HUB_ACTOR) as tx:
        await record(tx, event, actor=actor, subject=subject, **detail)


async def sign_newest(database: Database) -> Head | None:
    """Sign the newest record; None: there is none. Signing the same again changes nothing."""
    key = Ed25519PrivateKey.from_private_bytes(await open_key(database, HEAD_KEY))
    async with database.begin(HUB_ACTOR) as tx:
        newest = await store.list_newest(tx, limit=1)
        if not newest:
            return None
        head = Head(
            newest[0].seq,
            newest[0].hash,
            tx.now,
            key.public_key().public_bytes_raw(),
            key.sign(write_head(newest[0].seq, newest[0].hash)),
        )
        await store.insert_head(
            tx,
            seq=head.seq,
            signed_at=head.signed_at,
            public_key=head.public_key,
            signature=head.signature,
        )
    return head


async def verify_log(tx: ReadTx, *, public_key: bytes | None, at_least: int = 0) -> Verdict:
    """Walk the whole log, and compare its signed heads with what is there.

    `public_key` is the one that signs, as it was noted elsewhere; `at_least` a number that the log
    had reached. Without them a log that was rewritten from its beginning looks whole.
    """
    records = [record async for record in store.stream_records(tx)]
    breaks = list(find_breaks(records))
    reached = records[-1].seq if records else 0
    if reached < at_least:
        breaks.append(Break(at_least, f"the log ends at {reached}"))
    heads = await store.list_heads(tx)
    breaks += [broken for head in heads if (broken := _judge(head, public_key))]
    return Verdict(len(records), heads[-1] if heads else None, tuple(breaks))


async def list_newest(tx: ReadTx, *, limit: int) -> list[Record]:
    """List the newest records, the newest last."""
    return await store.list_newest(tx, limit=limit)


def _judge(head: Head, public_key: bytes | None) -> Break | None:
    if public_key is not None and head.public_key != public_key:
        return Break(head.seq, "the head is signed by another key")
    try:
        Ed25519PublicKey.from_public_bytes(head.public_key).verify(
            head.signature, write_head(head.seq, head.hash)
        )
    except InvalidSignature:
        return Break(head.seq, "the signed head is not what the log has here")
    return None
