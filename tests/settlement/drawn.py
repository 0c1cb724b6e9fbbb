"""Coalitions, flows and cells drawn at random, for the properties of rule book 2.11."""

from datetime import UTC, datetime
from decimal import Decimal

from hypothesis import strategies as st

from hub.kernel.money import format_minor
from hub.ledger.entries import EntryKind
from partners.terms import Funding, Terms, make_terms
from settlement.cells import Cell, Pair, make_cells
from settlement.fx import Fixing
from settlement.obligations import Flow, MoneyObligation, all_obligations
from settlement.settle import Clearing, Settlement, settle

BEGINNING = datetime(2026, 1, 1, tzinfo=UTC)
PARTNERS = ("AIR", "BIO", "CIN", "DRV")
EUROS = Fixing("EUR", {"USD": Decimal("1.0843"), "JPY": Decimal("160.25"), "KWD": Decimal("0.33")})
CLEARING = Clearing(EUROS, settlement_currencies={}, parties=frozenset(PARTNERS))

rates = st.integers(0, 10**6).map(lambda units: format_minor(units, 8))
whole_bps = st.integers(0, 1000).map(str)
shares = st.integers(0, 10**4).map(lambda units: format_minor(units, 4))


def agree(partner: str, **fields: object) -> Terms:
    """Terms of a partner from now on; ON_ISSUE in EUR when nothing else is said."""
    basics = {"partner": partner, "version": f"{partner}-1", "funding": "ON_ISSUE"}
    written = {**basics, "currency": "EUR", **fields}
    return make_terms(written, effective_from=BEGINNING, effective_until=None)


@st.composite
def agreements(draw: st.DrawFn, partner: str) -> Terms:
    """Terms of any funding; the pool's are in euros."""
    funding = draw(st.sampled_from(Funding))
    currencies = ("EUR", "USD", "JPY") if funding is Funding.ON_REDEMPTION else ("EUR",)
    return agree(
        partner,
        funding=funding,
        currency=draw(st.sampled_from(currencies)),
        issue_price=draw(rates),
        issue_fee=draw(rates),
        issue_fee_refundable=draw(st.booleans()),
        accept_rate=draw(rates),
        accept_fee_bps=draw(whole_bps),
        redemption_rates=draw(st.dictionaries(st.sampled_from(("*", *PARTNERS)), rates)),
        cash_out_rate=draw(rates),
        agent_fee_flat=draw(rates),
        donation_rate=draw(rates),
        breakage_share=draw(shares),
        hub_breakage_share=draw(shares),
    )


@st.composite
def flow_lists(draw: st.DrawFn, *, only_reversible: bool = False) -> list[Flow]:
    """Flows of one window under one agreement per partner."""
    terms = {partner: draw(agreements(partner)) for partner in PARTNERS}
    kinds = [EntryKind.REDEEM, EntryKind.DONATE]
    if not only_reversible:
        # An expiry is never taken back, a flat fee and some issue fees are not given back.
        kinds += [EntryKind.ISSUE, EntryKind.EXPIRE, EntryKind.CASH_OUT]
    flows = []
    for _ in range(draw(st.integers(0, 12))):
        kind = draw(st.sampled_from(kinds))
        issuer, acceptor = draw(st.sampled_from(PARTNERS)), draw(st.sampled_from(PARTNERS))
        is_use = kind not in {EntryKind.ISSUE, EntryKind.EXPIRE}
        flows.append(
            Flow(
                kind=kind,
                issuer=issuer,
                acceptor=acceptor if is_use else None,
                issue_terms=terms[issuer],
                acceptor_terms=terms[acceptor] if is_use else None,
                is_reversal=kind is not EntryKind.EXPIRE and draw(st.booleans()),
                points=draw(st.integers(1, 10**12)),
                entry_count=draw(st.integers(0, 1000)),
            )
        )
    return flows


@st.composite
def carries(draw: st.DrawFn) -> dict[Pair, Decimal]:
    """Roundings of a window before: up to half a cent, to twelve places."""
    parties = st.sampled_from((*PARTNERS, "HUB", "POOL"))
    pairs = st.tuples(parties, parties).filter(lambda pair: pair[0] != pair[1])
    half_cent = 5 * 10**9
    units = st.integers(-half_cent, half_cent)
    drawn = draw(st.dictionaries(pairs, units, max_size=5))
    return {Pair(*pair): Decimal(carry).scaleb(-12) for pair, carry in drawn.items()}


def settled(flows: list[Flow], carried: dict[Pair, Decimal]) -> Settlement:
    return settle(flows, [], carries_in=carried, clearing=CLEARING)


def cells_of(debts: dict[tuple[str, str], int]) -> list[Cell]:
    """Cells that owe whole cents, as if by adjustments."""
    owed = [
        MoneyObligation(
            "ADJUSTMENT",
            debtor,
            creditor,
            "EUR",
            Decimal(cents).scaleb(-2),
            "-",
            is_reversal=False,
        )
        for (debtor, creditor), cents in debts.items()
    ]
    return list(make_cells(all_obligations([], owed), carries_in={}, fixing=EUROS).values())


def debts_between(parties: str, *, largest: int = 10**9) -> st.SearchStrategy[
    dict[tuple[str, str], int]
]:  # fmt: skip
    """Cells in cents between parties named by one letter each; some are credit notes."""
    party = st.sampled_from(parties)
    pairs = st.tuples(party, party).filter(lambda pair: pair[0] != pair[1])
    return st.dictionaries(pairs, st.integers(-largest, largest), max_size=20)
