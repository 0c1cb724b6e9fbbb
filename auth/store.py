"""All SQL about tokens and keys."""

from sqlalchemy import delete, exists, insert, select
from sqlalchemy.dialects.postgresql import insert as upsert

from auth.tables import development_tokens, secret_keys
from hub.kernel.actor import Actor, ActorKind, Credential, Proof
from hub.kernel.tx import ReadTx, Tx


async def insert_token(tx: Tx, token_hash: bytes, actor: Actor) -> None:
    """Store the hash of a token, and whose it is."""
    await tx.connection.execute(
        insert(development_tokens).values(
            token_hash=token_hash,
            actor_kind=str(actor.kind),
            actor_number=actor.number,
            made_at=tx.now,
        )
    )


async def find_token(tx: ReadTx, token_hash: bytes) -> Actor | None:
    """Find whose token it is."""
    row = (
        await tx.connection.execute(
            select(development_tokens).where(development_tokens.c.token_hash == token_hash)
        )
    ).one_or_none()
    if row is None:
        return None
    credential = Credential(Proof.DEVELOPMENT_TOKEN)
    return Actor(ActorKind(row.actor_kind), row.actor_number, credential)


async def has_tokens(tx: ReadTx) -> bool:
    """Say whether any token was ever made."""
    found = await tx.connection.execute(select(exists(development_tokens.select())))
    return bool(found.scalar_one())


async def delete_tokens(tx: Tx) -> int:
    """Take all development tokens away, and count them."""
    gone = await tx.connection.execute(
        delete(development_tokens).returning(development_tokens.c.token_hash)
    )
    return len(gone.all())


async def put_secret(tx: Tx, name: str, secret: bytes) -> bytes:
    """Keep a secret key unless there is one of that name; give the one that is kept."""
    await tx.connection.execute(
        upsert(secret_keys).values(name=name, secret=secret).on_conflict_do_nothing()
    )
    kept: bytes = (
        await tx.connection.execute(select(secret_keys.c.secret).where(secret_keys.c.name == name))
    ).scalar_one()
    return kept
