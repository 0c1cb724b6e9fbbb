"""The second person decides."""

from typing import Annotated

import strawberry

from auth.approvals import approvals
from auth.approvals.errors import (
    ApprovalAlreadyDecided,
    ApprovalEnded,
    ApprovalNotFound,
    FourEyesRequired,
)
from schema.accounts import KEY_REFUSALS, Keyed, make_request
from schema.context import Info
from schema.faults import forbidden
from schema.fields import Payload, mutation
from schema.queries.approvals import Approval, show_approval

DIGEST_BYTES = 32


@strawberry.input(description="What the second person says.")
class DecideApprovalInput(Keyed):
    """What the second person says."""

    digest: str = strawberry.field(
        description="Digest of what is decided, 64 hexadecimal digits: read the payload, it is of"
        " exactly that."
    )
    is_approved: bool = strawberry.field(description="Whether it may be done.")


@strawberry.type(description="What `decideApproval` answers.")
class DecideApprovalPayload(Payload):
    """What was decided."""

    approval: Approval | None = strawberry.field(
        default=None, description="What was decided; null when it was refused."
    )


DecideInput = Annotated[DecideApprovalInput, strawberry.argument(description="What to decide.")]


@mutation(
    "Approve or refuse what another person asked to do. They then ask again, with the same input"
    " and key, and it is done. Only people decide, with a fresh passkey, and never on their own.",
    payload=DecideApprovalPayload,
    verb=approvals.decide,
    verb_refusals=(ApprovalNotFound, FourEyesRequired, ApprovalEnded, ApprovalAlreadyDecided),
    own_refusals=KEY_REFUSALS,
)
async def decide_approval(info: Info, input: DecideInput) -> DecideApprovalPayload:
    """Decide."""
    context = info.context
    make_request(context, input)
    if context.actor.credential.staff_id is None:
        raise forbidden("A person decides, signed in at /sign-in.")
    digest = read_digest(input.digest)
    async with context.begin() as tx:
        decided = await approvals.decide(
            tx, checker=context.actor, digest=digest, is_approved=input.is_approved
        )
    return DecideApprovalPayload(user_errors=[], approval=show_approval(context, decided))


def read_digest(text: str) -> bytes:
    """Read a digest.

    Errors: ApprovalNotFound.
    """
    try:
        digest = bytes.fromhex(text)
    except ValueError:
        raise ApprovalNotFound from None
    if len(digest) != DIGEST_BYTES:
        raise ApprovalNotFound
    return digest
