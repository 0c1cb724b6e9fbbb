"""The gate: every operation pays before it runs, and every answer says what it paid.

An operation costs what `schema.cost.pricing` says. A document that this process has not seen lately
costs more, once, for parsing and validating it; so does one that is refused.
"""

from collections.abc import Mapping
from typing import Any, Final

from hub.kernel.actor import Actor, ActorKind
from hub.kernel.tx import Database
from schema.cost.buckets import Bucket
from schema.cost.leases import Leases, Taken
from schema.faults import Fault, FaultCode
from schema.limits import Limit
from schema.settings import CostSettings
from schema.view.callers import Caller
from schema.view.gate import Admission

DOCUMENT_COST: Final = 20
"""What a document that was parsed and validated for this request costs on top; it is about what
two mutations take, and is not part of `requestedQueryCost`."""

EXPORT_PAGE_COST: Final = 500
"""What 1,000 lines of an export cost, the first of them however few there are (ADR 0017)."""

TOO_MANY_REQUESTS: Final = 429


class BucketGate:
    """Lets in what its client can pay."""

    def __init__(self, database: Database, settings: CostSettings) -> None:
        self._leases = Leases(database, Bucket(settings.bucket_size, settings.restore_rate))
        self.operation_limit = limit_of(settings)
        self.page_cost = page_cost_of(settings)

    async def admit(self, admission: Admission) -> Mapping[str, Any]:
        """Take the cost, and say what the answer tells under `extensions.cost`.

        Errors: the faults THROTTLED and BAD_USER_INPUT; DatabaseBusy.
        """
        cost = admission.cost
        try:
            self.operation_limit.check(cost, code=FaultCode.BAD_USER_INPUT)
        except Fault as fault:
            await self.charge_failed(admission.caller, admission.client_host)
            raise fault from None
        due = cost + DOCUMENT_COST * admission.is_new_document
        taken = await self._take(admission.caller, admission.client_host, due)
        return self._tell(taken, cost=cost, due=due)

    async def charge_failed(self, caller: Caller | None, client_host: str | None) -> None:
        """Take the price of a document that was parsed or looked up in vain.

        Errors: the fault THROTTLED; DatabaseBusy.
        """
        taken = await self._take(caller, client_host, DOCUMENT_COST)
        self._tell(taken, cost=0, due=DOCUMENT_COST)

    async def charge_page(self, caller: Caller) -> None:
        """Take the price of a page of an export.

        Errors: the fault THROTTLED; DatabaseBusy.
        """
        taken = await self._take(caller, None, self.page_cost)
        self._tell(taken, cost=0, due=self.page_cost)

    async def find_wait_for_page(self, caller: Caller) -> int:
        """Take the price of a page if half of the bucket is left then; else say when to ask again.

        Units: seconds; 0: it was taken.

        Errors: DatabaseBusy.
        """
        bucket, due = self._leases.bucket, self.page_cost
        needed = due + bucket.size // 2
        available = self._leases.available(name_client(caller.actor))
        if available < needed:
            return bucket.wait_seconds(available, needed)
        taken = await self._take(caller, None, due)
        return 0 if taken.is_enough else bucket.wait_seconds(taken.available, needed)

    async def _take(self, caller: Caller | None, client_host: str | None, due: int) -> Taken:
        if caller is None:
            return self._leases.take_here(f"anonymous {client_host}", due)
        return await self._leases.take(name_client(caller.actor), due)

    def _tell(self, taken: Taken, *, cost: int, due: int) -> dict[str, int]:
        """Say what was taken, and what is left.

        Errors: the fault THROTTLED, which says the same.
        """
        bucket = self._leases.bucket
        told = {
            "requestedQueryCost": cost,
            "maximumAvailable": bucket.size,
            "currentlyAvailable": max(0, taken.available),
            "restoreRate": bucket.restore_rate,
        }
        if taken.is_enough:
            return told
        seconds = bucket.wait_seconds(taken.available, due)
        raise Fault(
            FaultCode.THROTTLED,
            f"The operation costs {due} and {max(0, taken.available)} are left; ask again in"
            f" {seconds} s. {bucket.restore_rate} come back in each second.",
            status=TOO_MANY_REQUESTS,
            headers={"retry-after": str(seconds)},
            retryAfter=seconds,
            cost=told,
        )


def limit_of(settings: CostSettings) -> Limit:
    """Make the limit of what one operation may cost."""
    return Limit("cost", settings.operation_max, "points of cost")


def page_cost_of(settings: CostSettings) -> int:
    """Say what a page of an export costs: of a small bucket, half at most."""
    return min(EXPORT_PAGE_COST, settings.bucket_size // 2)


def name_client(actor: Actor) -> str:
    """Name whose bucket it is: a partner or a member; of the hub's staff, the person."""
    staff_id = actor.credential.staff_id
    if actor.kind is ActorKind.OPERATOR and staff_id is not None:
        return f"{actor}:{staff_id}"
    return str(actor)
