"""Do a thing once per idempotency key, where the ledger does not see to it itself.

The key is claimed and the answer stored in the transaction that does the work, so both are there
or neither. A refusal is an answer too: asking again gives the same one (rule book 1.9).
"""

from collections.abc import Awaitable, Callable, Mapping, Sequence
from dataclasses import dataclass, fields
from datetime import datetime
from decimal import Decimal
from hashlib import sha256
from typing import Any, TypeAlias

from sqlalchemy import select, update
from sqlalchemy.dialects.postgresql import insert

from hub.kernel.actor import Actor
from hub.kernel.errors import DomainError, IdempotencyConflict
from hub.kernel.tables import answers
from hub.kernel.tx import Database, ReadTx, Tx

Answer: TypeAlias = Mapping[str, Any]
Refusals: TypeAlias = Sequence[type[DomainError]]

_REFUSED = "refused"


@dataclass(frozen=True, slots=True)
class Question:
    """One use of a key: who asks for what. `facts` are all that makes it another request."""

    actor: Actor
    key: str
    operation: str
    facts: tuple[object, ...]

    @property
    def key_hash(self) -> bytes:
        """Name the key in its scope, the actor."""
        return _hash(str(self.actor), self.key)

    @property
    def request_hash(self) -> bytes:
        """Fingerprint what is asked."""
        return _hash(self.operation, *self.facts)


async def answer_once(
    tx: Tx, question: Question, act: Callable[[], Awaitable[Answer]], *, refusals: Refusals
) -> Answer:
    """Act inside this transaction unless the key was used; give the answer of the first time.

    Whoever asks the same at the same time waits for the first to commit. `refusals` are the
    errors of `act` that are answers; what it wrote before one of them is undone.

    Errors: IdempotencyConflict; the `refusals`.
    """
    known = await claim(tx, question)
    if known is None:
        try:
            async with tx.connection.begin_nested():
                known = await act()
        except tuple(refusals) as refusal:
            known = _write_refusal(refusal)
        await _store(tx, question, known)
    return known


async def answer_resumably(
    database: Database,
    question: Question,
    act: Callable[[], Awaitable[Answer]],
    *,
    refusals: Refusals,
) -> Answer:
    """Act in transactions of its own, for work that may be repeated and finished by the next call.

    The key is claimed before and answered after; in between, asking the same acts again.

    Errors: IdempotencyConflict; the `refusals`.
    """
    async with database.begin(question.actor) as tx:
        known = await claim(tx, question)
    if known is None:
        try:
            known = await act()
        except tuple(refusals) as refusal:
            known = _write_refusal(refusal)
        async with database.begin(question.actor) as tx:
            await _store(tx, question, known)
    return known


async def claim(tx: Tx, question: Question) -> Answer | None:
    """Take a key for this request, or find what it was answered; None: nothing yet.

    Errors: IdempotencyConflict.
    Locks: the key, until the transaction ends.
    """
    taken = await tx.connection.execute(
        insert(answers)
        .values(
            key_hash=question.key_hash,
            request_hash=question.request_hash,
            operation=question.operation,
            asked_at=tx.now,
        )
        .on_conflict_do_nothing()
        .returning(answers.c.key_hash)
    )
    if taken.one_or_none() is not None:
        return None
    return await find_answer(tx, question)


async def find_answer(tx: ReadTx, question: Question) -> Answer | None:
    """Find what a key was answered, and leave it free; None: nothing yet.

    Errors: IdempotencyConflict.
    """
    row = (
        await tx.connection.execute(
            select(answers.c.request_hash, answers.c.answer).where(
                answers.c.key_hash == question.key_hash
            )
        )
    ).one_or_none()
    if row is None:
        return None
    if row.request_hash != question.request_hash:
        raise IdempotencyConflict
    answer: Answer | None = row.answer
    return answer


def accept(answer: Answer, *, refusals: Refusals) -> Answer:
    """Give an answer that made something; raise one that refused.

    Errors: the `refusals`.
    """
    if _REFUSED not in answer:
        return answer
    written = answer[_REFUSED]
    (kind,) = [refusal for refusal in refusals if refusal.__name__ == written["code"]]
    raise kind(*(_read(field.type, written["data"][field.name]) for field in _fields(kind)))


async def _store(tx: Tx, question: Question, answer: Answer) -> None:
    await tx.connection.execute(
        update(answers)
        .where(answers.c.key_hash == question.key_hash, answers.c.answer.is_(None))
        .values(answer=dict(answer))
    )


def _write_refusal(refusal: DomainError) -> Answer:
    data = {field.name: _write(getattr(refusal, field.name)) for field in _fields(type(refusal))}
    return {_REFUSED: {"code": refusal.code, "data": data}}


def _fields(kind: type[DomainError]) -> Sequence[Any]:
    return fields(kind)  # type: ignore[arg-type]  # refusals are dataclasses


def _write(value: object) -> object:
    if isinstance(value, datetime):
        return value.isoformat()
    assert value is None or isinstance(value, str | int), (
        "the data of a refusal are texts, numbers and instants"
    )
    return value


def _read(kind: object, value: Any) -> object:  # noqa: ANN401 (what JSON holds)
    return datetime.fromisoformat(value) if kind in (datetime, "datetime") else value


def _hash(*parts: object) -> bytes:
    digest = sha256()
    for part in parts:
        text = _text(part).encode()
        digest.update(b"%d:%b" % (len(text), text))
    return digest.digest()


def _text(part: object) -> str:
    return format(part.normalize(), "f") if isinstance(part, Decimal) else str(part)
