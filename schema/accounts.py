"""From what a client names to a wallet, a partner, an instant; for every mutation the same way."""

from dataclasses import replace
from datetime import datetime
from typing import Final, TypeVar

import strawberry
from strawberry.types.unset import UnsetType

from hub.kernel.errors import DomainError, IdempotencyConflict
from hub.kernel.ids import IdKind
from hub.ledger.errors import WalletNotFound
from hub.ledger.operations import Place
from hub.members.errors import AccountNotLinked, MemberNotFound, ReferenceNotValid
from hub.points.errors import KeyNotValid, OccurredAtOutOfBounds
from hub.points.requests import Instants, Request, judge_occurrence
from partners.errors import PartnerNotFound
from partners.store import Partner
from schema import loaders
from schema.context import Context
from schema.faults import bad_input, forbidden
from schema.partners import is_partner

T = TypeVar("T")

ACCOUNT_REFUSALS: Final[tuple[type[DomainError], ...]] = (
    AccountNotLinked,
    MemberNotFound,
    PartnerNotFound,
    ReferenceNotValid,
    WalletNotFound,
)
KEY_REFUSALS: Final[tuple[type[DomainError], ...]] = (KeyNotValid, IdempotencyConflict)
REQUEST_REFUSALS: Final[tuple[type[DomainError], ...]] = (*KEY_REFUSALS, OccurredAtOutOfBounds)


@strawberry.input(description="A member as one partner knows them.")
class LinkedAccountInput:
    """A member as one partner knows them."""

    partner: str = strawberry.field(description="Code of the partner.")
    reference: str = strawberry.field(
        description="The partner's own name for the member, 1 to 128 printable characters."
    )


@strawberry.input(one_of=True, description="Whose wallet is meant; name it in exactly one way.")
class AccountInput:
    """Whose wallet is meant."""

    reference: strawberry.Maybe[str] = strawberry.field(
        description="For a partner: its own name for the member, 1 to 128 printable characters."
    )
    linked_account: strawberry.Maybe[LinkedAccountInput] = strawberry.field(
        description="For the operator, and for the member who is to receive points: the member as"
        " some partner knows them."
    )
    member_id: strawberry.Maybe[strawberry.ID] = strawberry.field(
        description="Id of the member, as it was given to you."
    )
    wallet_id: strawberry.Maybe[strawberry.ID] = strawberry.field(
        description="Id of the wallet, as it was given to you."
    )


@strawberry.input(description="What every mutation is given.")
class Keyed:
    """What every mutation is given."""

    idempotency_key: str = strawberry.field(
        description="A name for this request that you choose, 1 to 128 printable ASCII characters."
        " Repeat the request with the same key until you get an answer: it is done once, and the"
        " answer is the same. Another request needs another key. Kept for at least 400 days."
    )


@strawberry.input(description="What a mutation about something that happened is given.")
class Happened(Keyed):
    """What a mutation about something that happened is given."""

    occurred_at: datetime | None = strawberry.field(
        default=strawberry.UNSET,
        description="When it happened, at most 45 days ago and 5 minutes ahead; without it, now.",
    )


def given(value: "T | UnsetType | None") -> T | None:
    """Give what was given, None when it was left out."""
    return None if isinstance(value, UnsetType) else value


def make_request(context: Context, happened: Keyed) -> Request:
    """Make the request of a verb; one that comes too late may still have an answer under its key.

    Errors: KeyNotValid.
    """
    occurred_at = given(happened.occurred_at) if isinstance(happened, Happened) else None
    kin = context.rooms.wallets.forwards.find_kin
    request = Request(key=happened.idempotency_key, actor=str(context.actor), kin=kin)
    try:
        instants = judge_occurrence(occurred_at, now=context.rooms.clock())
    except OccurredAtOutOfBounds as refusal:
        return replace(request, instants=Instants(occurred_at=occurred_at), refusal=refusal)
    return replace(request, instants=instants)


def acting_partner(context: Context, code: "str | UnsetType | None", *, role: str) -> Partner:
    """Say which partner acts: the one of the token; the operator and a member name one.

    Errors: PartnerNotFound; the faults FORBIDDEN and BAD_USER_INPUT.
    """
    register = context.rooms.register
    named = given(code)
    if context.partner_id is not None:
        own = register.get_partner_by_id(context.partner_id)
        if named not in (None, own.code):
            raise forbidden(f"A partner is always its own {role}: leave `{role}` out.")
        return own
    if named is None:
        raise bad_input(f"`{role}` is missing: say which partner it is.")
    return find_partner(context, named)


def find_partner(context: Context, code: str) -> Partner:
    """Find a company of the coalition.

    Errors: PartnerNotFound.
    """
    partner = context.rooms.register.get_partner(code)
    if not is_partner(partner):
        raise PartnerNotFound(code)
    return partner


async def find_wallet(context: Context, account: "AccountInput | UnsetType | None") -> Place:
    """Find the wallet that is meant; a member may leave it out and means the own one.

    The way of a partner's own reference costs no round trip once the reference was seen.

    Errors: AccountNotLinked, MemberNotFound, PartnerNotFound, ReferenceNotValid, WalletNotFound;
    the faults FORBIDDEN and BAD_USER_INPUT.
    """
    named = given(account)
    if named is None:
        if context.member_id is None:
            raise bad_input("`account` is missing: say whose wallet is meant.")
        return await _find_member_wallet(context, context.member_id)
    if named.reference is not None and context.partner_id is not None:
        return await context.rooms.wallets.find_wallet(context.partner_id, named.reference.value)
    if named.reference is not None:
        raise bad_input("`reference` is a partner's own; name the partner with `linkedAccount`.")
    if named.linked_account is not None:
        if context.member_id is not None:
            raise forbidden("A member acts on the own wallet only.")
        return await find_linked_wallet(context, named.linked_account.value)
    if named.member_id is not None:
        member_id = context.audience.find_number(IdKind.MEMBER, named.member_id.value)
        if member_id is None:
            raise MemberNotFound
        return await _find_member_wallet(context, member_id)
    assert named.wallet_id is not None, "exactly one of them is given"
    return await _find_wallet_by_id(context, named.wallet_id.value)


async def find_linked_wallet(context: Context, account: LinkedAccountInput) -> Place:
    """Find the wallet of a member whom some partner knows.

    Errors: PartnerNotFound, AccountNotLinked, ReferenceNotValid; the fault FORBIDDEN.
    """
    partner = find_partner(context, account.partner)
    if context.partner_id not in (None, partner.partner_id):
        raise forbidden("A partner names members by its own references only.")
    return await context.rooms.wallets.find_wallet(partner.partner_id, account.reference)


async def find_recipient(context: Context, account: AccountInput) -> Place:
    """Find the wallet that is to receive points.

    Errors: as `find_wallet`.
    """
    if account.linked_account is not None:
        return await find_linked_wallet(context, account.linked_account.value)
    return await find_wallet(context, account)


async def _find_member_wallet(context: Context, member_id: int) -> Place:
    member = await loaders.load_member(context, member_id)
    if member is None:
        raise MemberNotFound
    return member.wallet


async def _find_wallet_by_id(context: Context, text: str) -> Place:
    """Read the id of a wallet: to have it is to have been given it, and links are never undone."""
    named = context.audience.find_place(IdKind.WALLET, text)
    if named is None:
        raise WalletNotFound
    place = context.rooms.wallets.forwards.find_wallet(named)
    if context.member_id is not None:
        own = await _find_member_wallet(context, context.member_id)
        if own != place:
            raise WalletNotFound
    return place
