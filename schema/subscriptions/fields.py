"""Root fields that go on: guarded when they begin, and before each event."""

from collections.abc import AsyncGenerator, AsyncIterator, Callable
from contextlib import asynccontextmanager
from typing import Any, Final

import strawberry
from strawberry.extensions import FieldExtension
from strawberry.types.field import StrawberryField

from auth.permissions import POLICIES, find_denial
from hub.ledger.feed.errors import CursorNotValid, FeedClosed, FellBehind, TooManyFollowers
from schema.context import Info
from schema.faults import Fault, FaultCode, bad_input
from schema.guarding import fault_of
from schema.view.ends import SubscriberTooSlow
from settlement.following import WindowsMissed

Source = Callable[..., AsyncGenerator[Any, None]]

RETRY_AFTER_SECONDS: Final = 10


class StreamGuard(FieldExtension):
    """Lets those in whom the table of permissions names, for as long as it names them."""

    def __init__(self) -> None:
        self.operation = ""

    def apply(self, field: StrawberryField) -> None:
        """Find the policy when the schema is built."""
        self.operation = field.python_name
        if self.operation not in POLICIES:
            message = f"auth/permissions.py has no line for {self.operation}"
            raise LookupError(message)

    async def resolve_async(  # type: ignore[override]  # a stream, where others give a value
        self, next_: Source, source: object, info: Info, **arguments: object
    ) -> AsyncIterator[object]:
        """Pass events on, asking before each of them."""
        self._check(info)
        async for event in next_(source, info, **arguments):
            self._check(info)
            yield event

    def _check(self, info: Info) -> None:
        actor, now = info.context.actor, info.context.rooms.clock()
        denial = find_denial(actor, POLICIES[self.operation], now=now)
        if denial is not None:
            raise fault_of(actor, denial)


def subscription(description: str) -> Callable[[Source], Any]:
    """Make a root field that goes on."""
    return lambda source: strawberry.subscription(
        source, description=description, extensions=[StreamGuard()]
    )


@asynccontextmanager
async def told_in_time() -> AsyncIterator[None]:
    """Say in the words of the API how following entries or windows may end.

    Errors: SubscriberTooSlow; the faults BAD_USER_INPUT and TOO_MANY_SUBSCRIPTIONS.
    """
    try:
        yield
    except FeedClosed:
        return
    except (FellBehind, WindowsMissed) as error:
        raise SubscriberTooSlow from error
    except CursorNotValid as error:
        raise bad_input("`after` is not a cursor of this list.") from error
    except TooManyFollowers as error:
        raise Fault(
            FaultCode.TOO_MANY_SUBSCRIPTIONS, str(error), retryAfter=RETRY_AFTER_SECONDS
        ) from error
