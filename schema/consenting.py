"""Whose points a redemption takes: the wallet that is named, or that of the member who agreed."""

from typing import Final

import strawberry
from strawberry.types.unset import UnsetType

from auth.consents.errors import (
    ConsentNotForThis,
    ConsentRequired,
    ConsentSpent,
    TillCodeNotValid,
    TooManyTillCodes,
)
from auth.consents.orders import FreshSignInNeeded, find_agreed_wallet
from hub.kernel.actor import Order
from hub.kernel.errors import DomainError
from hub.ledger.operations import Place
from schema.accounts import AccountInput, find_wallet, given
from schema.context import Context
from schema.faults import Fault, FaultCode

CONSENT_REFUSALS: Final[tuple[type[DomainError], ...]] = (
    ConsentNotForThis,
    ConsentRequired,
    ConsentSpent,
    TillCodeNotValid,
    TooManyTillCodes,
)
ACR: Final = "phr"


@strawberry.input(description="How a member shows that they agree.")
class Consented:
    """How a member shows that they agree."""

    till_code: str | None = strawberry.field(
        default=strawberry.UNSET,
        description="The ten digits that the member shows at the till (`createTillCode`), good for"
        " one redemption within a minute. It says whose points they are: `account` may be left"
        " out. Without it a partner needs a token that the member gave for this very order.",
    )


async def find_debited_wallet(
    context: Context,
    account: "AccountInput | UnsetType | None",
    *,
    key: str,
    points: int,
    reference: "str | UnsetType | None",
    till_code: "str | UnsetType | None",
) -> Place:
    """Find the wallet that pays, and see that its member agreed, where that is asked for.

    Errors: as `schema.accounts.find_wallet`; ConsentNotForThis, ConsentRequired, ConsentSpent,
    TillCodeNotValid, TooManyTillCodes; the fault INSUFFICIENT_USER_AUTHENTICATION.
    """
    # An agreement is used up at once: what is wrong with the account must come to light before.
    named = None if given(account) is None else await find_wallet(context, account)
    try:
        agreed = await find_agreed_wallet(
            context.rooms.database,
            context.agreement,
            context.actor,
            key=key,
            order=Order(points, given(reference) or ""),
            till_code=given(till_code),
            named=named,
        )
    except FreshSignInNeeded as needed:
        raise Fault(
            FaultCode.INSUFFICIENT_USER_AUTHENTICATION,
            "The member signed in too long ago to agree to a redemption: ask them anew.",
            acrValues=ACR,
            maxAge=needed.max_age_seconds,
        ) from None
    return agreed or named or await find_wallet(context, account)
