"""Join the coalition, and link a member's account at a partner."""

from collections.abc import Sequence
from typing import Final

from hub.kernel.ids import new_number
from hub.kernel.tx import Tx
from hub.ledger.operations import Place, lane_of
from hub.members import store
from hub.members.errors import AccountAlreadyLinked, MemberNotFound, ReferenceNotValid
from hub.members.store import LinkedAccount, Member

REFERENCE_CHARACTERS_MAX: Final = 128


async def enrol_member(tx: Tx) -> Member:
    """Enrol a member with an empty wallet."""
    (member,) = await enrol_members(tx, count=1)
    return member


async def enrol_members(tx: Tx, *, count: int) -> list[Member]:
    """Enrol many members at once: three round trips, however many they are."""
    new = [_new_member(tx) for _ in range(count)]
    await store.insert_members(tx, new)
    return new


async def enrol_known_member(tx: Tx, *, partner_id: int, reference: str) -> Member:
    """Enrol a member whom a partner knows by a reference of its own, linked at once.

    Errors: ReferenceNotValid, AccountAlreadyLinked.
    """
    check_reference(reference)
    member = await enrol_member(tx)
    account = LinkedAccount(partner_id, reference, member.member_id, tx.now)
    if not await store.link_accounts(tx, [account]):
        raise AccountAlreadyLinked(reference)
    return member


async def link_account(tx: Tx, *, partner_id: int, reference: str, member_id: int) -> LinkedAccount:
    """Link a partner's own reference to a member, for ever. Linking again changes nothing.

    Errors: ReferenceNotValid, MemberNotFound, AccountAlreadyLinked.
    """
    check_reference(reference)
    member = await store.find_member(tx, member_id)
    if member is None:
        raise MemberNotFound
    account = LinkedAccount(partner_id, reference, member.member_id, tx.now)
    if not await store.link_accounts(tx, [account]):
        known = await store.find_linked_member(tx, partner_id, reference)
        if known is None or known.member_id != member.member_id:
            raise AccountAlreadyLinked(reference)
    return account


async def link_accounts(tx: Tx, accounts: Sequence[LinkedAccount]) -> None:
    """Link many accounts at once; references that are taken stay as they are.

    Errors: ReferenceNotValid.
    """
    for account in accounts:
        check_reference(account.reference)
    await store.link_accounts(tx, accounts)


def check_reference(reference: str) -> None:
    """See that a reference of a partner can be stored and read again.

    Errors: ReferenceNotValid.
    """
    is_valid = (
        0 < len(reference) <= REFERENCE_CHARACTERS_MAX
        and reference.isprintable()
        and reference == reference.strip()
    )
    if not is_valid:
        raise ReferenceNotValid(reference[:REFERENCE_CHARACTERS_MAX], REFERENCE_CHARACTERS_MAX)


def _new_member(tx: Tx) -> Member:
    wallet_id = new_number()
    return Member(new_number(), Place(lane_of(wallet_id), wallet_id), tx.now)
