"""Root fields: each guarded by its line in the table of policies, its refusals made userErrors."""

from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass
from typing import Any, Final, TypeVar

import strawberry
from strawberry.extensions import FieldExtension
from strawberry.types.field import StrawberryField

from auth.audit.refusals import tell_refused
from auth.permissions import POLICIES, find_denial
from hub.kernel.errors import DomainError
from hub.ledger.errors import InsufficientPoints, WalletClosed
from schema.accounts import AccountInput
from schema.context import Info
from schema.guarding import fault_of
from schema.probing import check_probing, note_probing
from schema.refusals import UserError, sentence_of, show_refusal
from schema.second_person import ask_second_person

Resolver = Callable[..., Awaitable[Any]]
Verb = Callable[..., Any]
P = TypeVar("P", bound="Payload")


@strawberry.interface(description="What a mutation answers.")
class Payload:
    """What a mutation answers: what it made, or why it refused."""

    user_errors: list[UserError] = strawberry.field(
        description="Why it was refused; empty when it was done."
    )


class Guard(FieldExtension):
    """Lets those in whom the table of permissions names; a field without a line cannot be built."""

    def __init__(self) -> None:
        self.operation = ""

    def apply(self, field: StrawberryField) -> None:
        """Find the policy when the schema is built."""
        self.operation = field.python_name
        if self.operation not in POLICIES:
            message = f"auth/permissions.py has no line for {self.operation}"
            raise LookupError(message)

    async def resolve_async(
        self, next_: Resolver, source: object, info: Info, **arguments: object
    ) -> object:
        """Resolve, if this actor may."""
        actor, now = info.context.actor, info.context.rooms.clock()
        denial = find_denial(actor, POLICIES[self.operation], now=now)
        if denial is not None:
            await tell_refused(info.context.rooms.database, actor, self.operation, denial.lack)
            raise fault_of(actor, denial)
        return await self.go_on(next_, source, info, arguments)

    async def go_on(
        self, next_: Resolver, source: object, info: Info, arguments: dict[str, object]
    ) -> object:
        """Resolve, now that the actor may."""
        return await next_(source, info, **arguments)


class Refusing(Guard):
    """Turns the refusals that a mutation lists into userErrors; all others are our own mistakes."""

    def __init__(
        self, payload: Callable[..., Payload], refusals: tuple[type[DomainError], ...]
    ) -> None:
        super().__init__()
        self.payload = payload
        self.refusals = refusals

    async def resolve_async(
        self, next_: Resolver, source: object, info: Info, **arguments: object
    ) -> object:
        """Resolve on a fresh view of the books, and catch what is listed."""
        await info.context.check_still_in()
        await info.context.turn()
        try:
            try:
                return await super().resolve_async(next_, source, info, **arguments)
            except WalletClosed:
                # It may have been merged a moment ago, by another process: the survivor's is next.
                await info.context.rooms.wallets.refresh()
                await info.context.turn()
                return await super().resolve_async(next_, source, info, **arguments)
        except self.refusals as refusal:
            return self.payload(user_errors=[show_refusal(refusal)])

    async def go_on(
        self, next_: Resolver, source: object, info: Info, arguments: dict[str, object]
    ) -> object:
        """Resolve, after a second person where one is needed, and watch for probing."""
        context = info.context
        account = self._find_probed(arguments.get("input"))
        await ask_second_person(context, self.operation, POLICIES[self.operation], arguments)
        if account is not None:
            await check_probing(context, account)
        try:
            return await next_(source, info, **arguments)
        except InsufficientPoints:
            if account is not None:
                await note_probing(context, account)
            raise

    def _find_probed(self, given: object) -> AccountInput | None:
        """Find whose points are asked for, where the answer could tell how many there are."""
        account = getattr(given, "account", None)
        is_use = InsufficientPoints in self.refusals and isinstance(account, AccountInput)
        return account if is_use else None


@dataclass(frozen=True, slots=True)
class Mutation:
    """What a mutation stands for: the verb that it calls, and what it refuses.

    `own_refusals` are those of the resolver: about the key, the account, the instant.
    """

    verb: Verb
    verb_refusals: tuple[type[DomainError], ...]
    own_refusals: tuple[type[DomainError], ...]

    @property
    def refusals(self) -> tuple[type[DomainError], ...]:
        """All that the mutation can list."""
        return tuple(dict.fromkeys((*self.verb_refusals, *self.own_refusals)))


MUTATIONS: Final[dict[str, Mutation]] = {}


def query(description: str) -> Callable[[Resolver], Any]:
    """Make a root field that reads."""
    return lambda resolver: strawberry.field(
        resolver, description=description, extensions=[Guard()]
    )


def mutation(
    description: str,
    *,
    payload: Callable[..., Payload],
    verb: Verb,
    verb_refusals: Sequence[type[DomainError]],
    own_refusals: Sequence[type[DomainError]],
) -> Callable[[Resolver], Any]:
    """Make a root field that writes, by one verb."""
    made = Mutation(verb, tuple(verb_refusals), tuple(own_refusals))
    listed = ", ".join(sorted(f"`{refusal.__name__}`" for refusal in made.refusals))
    assert all(sentence_of(refusal) for refusal in made.refusals), "a refusal says what it is"

    def build(resolver: Resolver) -> Any:  # noqa: ANN401 (Strawberry's field)
        MUTATIONS[resolver.__name__] = made
        return strawberry.mutation(
            resolver,
            description=f"{description} Refused with: {listed}.",
            extensions=[Refusing(payload, made.refusals)],
        )

    return build
