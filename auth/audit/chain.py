"""The chain of the audit log: what each record's hash is made of, and whether a chain is whole."""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from hashlib import sha256
from typing import Final

BEFORE_THE_FIRST: Final = sha256(b"").digest()
HEAD_PREFIX: Final = b"hub audit head"
_POSTGRES_EPOCH: Final = datetime(2000, 1, 1, tzinfo=UTC)
_MICROSECOND: Final = timedelta(microseconds=1)


@dataclass(frozen=True, slots=True)
class Record:
    """One thing that was done. Ids only: no names, no addresses, no tokens."""

    seq: int
    at: datetime
    event: str
    actor: str
    person_id: int | None
    client_id: str | None
    subject: str
    detail: str
    previous_hash: bytes
    hash: bytes


@dataclass(frozen=True, slots=True)
class Head:
    """The newest record at some instant, signed: nothing up to it can go unseen."""

    seq: int
    hash: bytes
    signed_at: datetime
    public_key: bytes
    signature: bytes


@dataclass(frozen=True, slots=True)
class Break:
    """Where the chain does not hold, and why."""

    seq: int
    what: str


def hash_record(record: Record) -> bytes:
    """Hash a record as `audit.append` does: each field behind its length, so none can slip."""
    microseconds = (record.at - _POSTGRES_EPOCH) // _MICROSECOND
    person_id = -1 if record.person_id is None else record.person_id
    return sha256(
        record.previous_hash
        + record.seq.to_bytes(8, "big")
        + microseconds.to_bytes(8, "big", signed=True)
        + _write(record.event)
        + _write(record.actor)
        + person_id.to_bytes(4, "big", signed=True)
        + _write(record.client_id or "")
        + _write(record.subject)
        + _write(record.detail)
    ).digest()


def find_breaks(records: Iterable[Record]) -> Iterator[Break]:
    """Walk the chain from its first record, and tell where it does not hold."""
    before, seq = BEFORE_THE_FIRST, 0
    for record in records:
        seq += 1
        if record.seq != seq:
            yield Break(seq, f"the record is missing; the next one is {record.seq}")
            seq = record.seq
        if record.previous_hash != before:
            yield Break(seq, "the record does not follow the one before it")
        if record.hash != hash_record(record):
            yield Break(seq, "the record is not what was written")
        before = record.hash


def write_head(seq: int, record_hash: bytes) -> bytes:
    """Write what is signed of a head."""
    return HEAD_PREFIX + seq.to_bytes(8, "big") + record_hash


def _write(text: str) -> bytes:
    written = text.encode()
    return len(written).to_bytes(4, "big") + written
