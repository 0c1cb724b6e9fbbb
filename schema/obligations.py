"""What entries owe, and why: obligations with their rates, terms, lots and receipts."""

import asyncio
from datetime import datetime
from decimal import Decimal
from enum import Enum
from typing import TYPE_CHECKING, Any, Final, TypeAlias

import strawberry

from hub.kernel.ids import IdKind
from hub.ledger.operations import Place
from hub.ledger.store import Allocation as AllocationRow
from partners.errors import PartnerNotFound
from schema import loaders
from schema.context import Context, Info
from schema.kinds import InLanguage, Language
from schema.nodes import Node, computed
from schema.paging import (
    After,
    Before,
    Connection,
    First,
    Last,
    cut,
    make_connection,
    read_page,
)
from schema.partners import Partner, Terms, find_terms, plain, show_partner
from schema.scalars import Points
from schema.telling import tell_entry
from schema.wallets.wallets import Entry, Lot, find_entry, find_lot
from settlement.obligations import Basis, ObligationKind
from settlement.statements import Obligation as ObligationRow
from settlement.statements import ObligationPlace
from settlement.wording import REASONS, describe_obligation
from settlement.wording import Language as Tongue

_PART_BITS: Final = 6
_LINE_BITS: Final = 20


@strawberry.enum(description="What a rate is multiplied with.")
class RateBasis(Enum):
    """What a rate is multiplied with."""

    POINT = strawberry.enum_value("POINT", description="With the points.")
    ENTRY = strawberry.enum_value("ENTRY", description="With 1: it is owed once per entry.")


if TYPE_CHECKING:
    OwedFor: TypeAlias = Enum
else:
    OwedFor = strawberry.enum(
        Enum(
            "OwedFor",
            {
                kind.name: strawberry.enum_value(
                    kind.value, description=f"{REASONS[kind.value][Tongue.EN].capitalize()}."
                )
                for kind in ObligationKind
            },
        ),
        description="Why one party owes another.",
    )


@strawberry.type(
    description="What one party owes another for one movement of the journal: the last step from a"
    " bill down. Only the two parties and the operator see it."
)
class Obligation(Node):
    """What one party owes another for one movement."""

    kind: OwedFor = strawberry.field(description="Why.")
    debtor: Partner = strawberry.field(description="Who owes.")
    creditor: Partner = strawberry.field(description="Who is owed.")
    exact: Decimal = strawberry.field(
        description="How much, in units of `currency`, at most 12 places; negative where something"
        " is given back."
    )
    currency: str = strawberry.field(description="ISO 4217 code of `exact` and `rate`.")
    is_reversal: bool = strawberry.field(description="Whether it gives back what was owed before.")
    line: str = strawberry.field(
        description="The line of the bill it is in, e.g. `REIMBURSE@2026-1`; in another currency"
        " than the clearing one, that follows after a slash."
    )
    points: Points = strawberry.field(
        description="For how many points; 0 where none are behind it."
    )
    rate: Decimal | None = strawberry.field(
        description="Money of `currency` per point or entry, at most 12 places; null where no rate"
        " of terms is behind it."
    )
    basis: RateBasis | None = strawberry.field(description="What the rate is multiplied with.")
    occurred_at: datetime = strawberry.field(description="When the entry happened.")
    posted_at: datetime = strawberry.field(description="When the entry was posted.")
    row: strawberry.Private[ObligationRow]

    @computed(description="Whose points they are; null where there are none.")
    def issuer(self, info: Info) -> Partner | None:
        """Show the issuer."""
        flow = self.row.move.flow
        return None if flow is None else show_partner(info.context, flow.issuer_id)

    @computed(
        description="The terms in which the rate stands; null if there are none, or they are"
        " another's."
    )
    def terms(self, info: Info) -> Terms | None:
        """Show the terms, if the actor may see them."""
        return find_terms(info.context, self.row.terms_id, self.row.terms_partner_id)

    @computed(
        description="The receipt: the partner's reference of the entry. Null if it has none, or is"
        " another's."
    )
    def reference(self, info: Info) -> str | None:
        """Give the reference, if it is the actor's own."""
        move = self.row.move
        is_house = move.flow is None and move.place.lane < 0
        is_own = info.context.partner_id in (None, move.partner_id)
        return move.reference if is_own or is_house else None

    @computed(description="The entry; null if not for you to see.")
    async def entry(self, info: Info) -> Entry | None:
        """Load the entry."""
        return await find_entry(info.context, self.row.entry)

    @computed(
        description="The lot whose points they are; null if there is none, or it is another's. Its"
        " `source` leads to the receipt that the points were issued for."
    )
    async def lot(self, info: Info) -> Lot | None:
        """Load the lot."""
        lot_id = self.row.move.lot_id
        if lot_id is None:
            return None
        return await find_lot(info.context, Place(self.row.place.lane, lot_id))

    @computed(description="All of it in one sentence.")
    def in_words(self, info: Info, language: InLanguage = Language.EN) -> str:
        """Say it in words."""
        flow, row = self.row.move.flow, self.row
        register = info.context.rooms.register
        return describe_obligation(
            row.owed,
            points=row.points,
            issuer=None if flow is None else register.get_partner_by_id(flow.issuer_id).code,
            rate=row.rate,
            basis=row.basis,
            language=Tongue[language.name],
        )


@strawberry.type(
    description="Why the books are as they are: what an entry did, and what each party owes for it."
)
class Explanation:
    """Why the books are as they are."""

    entry: Entry | None = strawberry.field(
        description="The entry; null if not for you to see: then you are a party to what it owes."
    )
    place: strawberry.Private[Place]
    only: strawberry.Private[ObligationPlace | None]

    @computed(
        description="What happened, in one sentence per lot that you may see: whose points, how"
        " many, until when. Null where the entry is not for you to see."
    )
    async def in_words(self, info: Info, language: InLanguage = Language.EN) -> list[str] | None:
        """Say what the entry did in words."""
        if self.entry is None:
            return None
        row = self.entry.row
        allocations = await loaders.load_allocations(info.context, row)
        lots = await _lots_of(info.context, allocations)
        return tell_entry(
            info.context.rooms.register, row, allocations, lots, language=Tongue[language.name]
        )

    @computed(
        description="What each party owes for it: which lot, which terms, which rate. A partner"
        " sees what it owes or is owed."
    )
    async def obligations(
        self,
        info: Info,
        *,
        first: First = strawberry.UNSET,
        after: After = strawberry.UNSET,
        last: Last = strawberry.UNSET,
        before: Before = strawberry.UNSET,
    ) -> Connection[Obligation]:
        """List a page of the obligations of the entry."""
        context = info.context
        page = read_page(context, "obligations", first=first, after=after, last=last, before=before)
        rows = await load_obligations(context, self.place)
        kept = [row for row in rows if self.only in (None, row.place)]
        found = cut(page, kept, lambda row: tuple(row.place))
        shown = [(show_obligation(context, row), place) for row, place in found]
        return make_connection(context, page, shown)


async def _lots_of(context: Context, allocations: list[AllocationRow]) -> dict[int, datetime]:
    """Find when the lots end that the actor may see."""
    lots = await asyncio.gather(
        *[find_lot(context, Place(each.lane, each.lot_id)) for each in allocations]
    )
    return {
        lot.row.place.number: lot.expires_at
        for lot in lots
        if lot is not None and lot.expires_at is not None
    }


async def load_obligations(context: Context, entry: Place) -> list[ObligationRow]:
    """Load what an entry owes; a partner sees what it owes or is owed, a member nothing."""
    rows = await loaders.load_obligations(context, entry)
    return [row for row in rows if may_see(context, row.owed.debtor, row.owed.creditor)]


def show_obligation(context: Context, row: ObligationRow) -> Obligation:
    """Show an obligation that the actor may see."""
    owed = row.owed
    kinds: Any = OwedFor
    return Obligation(
        id=strawberry.ID(context.audience.write_place(IdKind.OBLIGATION, pack(row.place))),
        kind=kinds[owed.kind],
        debtor=show_party(context, owed.debtor),
        creditor=show_party(context, owed.creditor),
        exact=plain(owed.amount),
        currency=owed.currency,
        is_reversal=owed.is_reversal,
        line=row.line,
        points=Points(row.points),
        rate=None if row.rate is None else plain(row.rate),
        basis=None if row.basis is None else _show_basis(row.basis),
        occurred_at=row.move.occurred_at,
        posted_at=row.move.posted_at,
        row=row,
    )


async def find_obligation(context: Context, place: Place) -> Obligation | None:
    """Load an obligation by the place in its id; None when not there, or not for the actor."""
    wanted = unpack(place)
    for row in await load_obligations(context, Place(wanted.lane, wanted.seq)):
        if row.place == wanted:
            return show_obligation(context, row)
    return None


async def explain_place(context: Context, kind: IdKind, place: Place) -> Explanation | None:
    """Explain an entry or an obligation; None when it is not there, or not for the actor."""
    only = unpack(place) if kind is IdKind.OBLIGATION else None
    at = place if only is None else Place(only.lane, only.seq)
    entry = await find_entry(context, at)
    is_party = False
    if entry is None or only is not None:
        places = [row.place for row in await load_obligations(context, at)]
        is_party = bool(places) if only is None else only in places
    is_seen = is_party if only is not None else entry is not None or is_party
    return Explanation(entry=entry, place=at, only=only) if is_seen else None


def may_see(context: Context, *parties: str) -> bool:
    """Whether what concerns these parties is for the actor: its own, or all for the operator."""
    if context.partner_id is None:
        return context.actor.is_operator
    return context.rooms.register.get_partner_by_id(context.partner_id).code in parties


def show_party(context: Context, code: str) -> Partner:
    """Show a party of a settlement."""
    try:
        party = context.rooms.register.get_partner(code)
    except PartnerNotFound as error:
        raise AssertionError(code) from error
    return show_partner(context, party.partner_id)


def _show_basis(basis: Basis) -> RateBasis:
    return RateBasis.POINT if basis is Basis.POINT else RateBasis.ENTRY


def pack(place: ObligationPlace) -> Place:
    """Fit a place into the number of an id: 36 bits of sequence, 1, 20 of line, 6 of part."""
    number = place.seq
    for bits, value in ((1, place.is_money), (_LINE_BITS, place.line), (_PART_BITS, place.part)):
        assert 0 <= value < 1 << bits, place
        number = number << bits | value
    return Place(place.lane, number)


def unpack(place: Place) -> ObligationPlace:
    """Read a place out of the number of an id."""
    rest, part = divmod(place.number, 1 << _PART_BITS)
    rest, line = divmod(rest, 1 << _LINE_BITS)
    seq, is_money = divmod(rest, 2)
    return ObligationPlace(place.lane, seq, is_money, line, part)
