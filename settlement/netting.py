"""Nets and payments: who pays whom so that all cells of a window are settled.

All amounts are minor units of the clearing currency, so every sum is exact and the nets of all
parties are zero together without any correction.

Source: rule book 2.6.
"""

import heapq
from collections import defaultdict
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field

from settlement.cells import Cell, Pair

EXACT_PARTIES_MAX = 16
"""Up to so many parties with a net, the fewest payments are found exactly: 2^15 sets of them."""


@dataclass(frozen=True, slots=True)
class Payment:
    """One transfer of money between two parties.

    Units: minor units of the clearing currency, positive.
    """

    payer: str
    payee: str
    amount_minor: int


@dataclass(frozen=True, slots=True)
class HubCentral:
    """Every debtor pays the settlement account, every creditor is paid from it.

    Units: minor units, positive; a party with a net of 0 is in neither.
    """

    pay_in_minor: Mapping[str, int] = field(hash=False)
    pay_out_minor: Mapping[str, int] = field(hash=False)


@dataclass(frozen=True, slots=True)
class DirectPayments:
    """Payments from debtors to creditors, without the hub between.

    `is_fewest` is false when there were too many parties to know: then they are merely few.
    """

    payments: tuple[Payment, ...]
    is_fewest: bool


def net_bilaterally(cells: Iterable[Cell]) -> dict[Pair, int]:
    """Set off the two cells of each pair; pairs with nothing left are out.

    Units: minor units, positive, in the direction that is left to pay.
    """
    rounded = {cell.pair: cell.rounded_minor for cell in cells}
    nets: dict[Pair, int] = {}
    for pair in sorted({Pair(*sorted(pair)) for pair in rounded}):
        back = Pair(pair.creditor, pair.debtor)
        net_minor = rounded.get(pair, 0) - rounded.get(back, 0)
        if net_minor:
            nets[pair if net_minor > 0 else back] = abs(net_minor)
    return dict(sorted(nets.items()))


def net_multilaterally(cells: Iterable[Cell], parties: Iterable[str]) -> dict[str, int]:
    """Set off everything: what each party gets (positive) or pays (negative).

    `parties` are listed even when nothing concerns them.

    Units: minor units; they sum to 0.
    """
    nets = dict.fromkeys(parties, 0)
    for cell in cells:
        debtor, creditor = cell.pair
        nets[debtor] = nets.get(debtor, 0) - cell.rounded_minor
        nets[creditor] = nets.get(creditor, 0) + cell.rounded_minor
    return dict(sorted(nets.items()))


def pay_through_hub(nets_minor: Mapping[str, int]) -> HubCentral:
    """Settle nets over the settlement account."""
    return HubCentral(
        pay_in_minor={party: -net for party, net in sorted(nets_minor.items()) if net < 0},
        pay_out_minor={party: net for party, net in sorted(nets_minor.items()) if net > 0},
    )


def pay_bilaterally(bilateral_nets_minor: Mapping[Pair, int]) -> tuple[Payment, ...]:
    """Settle each pair by one payment."""
    return tuple(
        Payment(pair.debtor, pair.creditor, amount)
        for pair, amount in sorted(bilateral_nets_minor.items())
    )


def pay_directly(nets_minor: Mapping[str, int]) -> DirectPayments:
    """Settle nets by the fewest payments between debtors and creditors.

    The parties are divided into as many groups as possible that are even among themselves; a
    group of k parties that cannot be divided needs k - 1 payments, and greedy finds them. Beyond
    `EXACT_PARTIES_MAX` parties all are one group. The same nets give the same payments.
    """
    owing = {party: net for party, net in sorted(nets_minor.items()) if net}
    is_fewest = len(owing) <= EXACT_PARTIES_MAX
    groups = divide_into_even_groups(owing) if is_fewest else [owing]
    payments = (payment for group in groups for payment in pay_greedily(group))
    ordered = sorted(payments, key=lambda payment: (payment.payer, payment.payee))
    return DirectPayments(tuple(ordered), is_fewest)


def pay_greedily(nets_minor: Mapping[str, int]) -> list[Payment]:
    """Let the largest debtor pay the largest creditor until nobody owes; ties by party.

    Every payment settles at least one party, the last one two: k parties need at most k - 1.
    """
    assert sum(nets_minor.values()) == 0, "nets are even"
    # Heaps give the smallest first: amounts are negative in both.
    debtors = [(net, party) for party, net in nets_minor.items() if net < 0]
    creditors = [(-net, party) for party, net in nets_minor.items() if net > 0]
    heapq.heapify(debtors)
    heapq.heapify(creditors)
    payments: list[Payment] = []
    while debtors:
        (owed, payer), (due, payee) = heapq.heappop(debtors), heapq.heappop(creditors)
        amount = min(-owed, -due)
        payments.append(Payment(payer, payee, amount))
        if owed + amount:
            heapq.heappush(debtors, (owed + amount, payer))
        if due + amount:
            heapq.heappush(creditors, (due + amount, payee))
    return payments


def divide_into_even_groups(nets_minor: Mapping[str, int]) -> list[dict[str, int]]:
    """Divide parties with nets into the largest number of groups that each sum to 0.

    The time doubles with each party; opposite nets are paired beforehand, which loses nothing.
    """
    groups, rest = _pair_opposites(nets_minor)
    parties = list(rest)
    group: dict[str, int] = {}
    for place in _order_by_groups(list(rest.values())):
        group[parties[place]] = rest[parties[place]]
        if sum(group.values()) == 0:
            groups.append(group)
            group = {}
    assert not group, "nets are even"
    return groups


def _pair_opposites(
    nets_minor: Mapping[str, int],
) -> tuple[list[dict[str, int]], dict[str, int]]:
    """Take out pairs whose nets are opposite, first come first.

    Some best division has any such pair as a group of its own: if the two sit in one group, what
    remains of it is even; if in two groups, what remains of both is even together.
    """
    waiting: defaultdict[int, list[str]] = defaultdict(list)
    pairs: list[dict[str, int]] = []
    for party, net in nets_minor.items():
        if waiting[-net]:
            pairs.append({waiting[-net].pop(0): -net, party: net})
        else:
            waiting[net].append(party)
    alone = {party for parties in waiting.values() for party in parties}
    return pairs, {party: net for party, net in nets_minor.items() if party in alone}


def _order_by_groups(nets: list[int]) -> list[int]:
    """Order places so that running sums of the nets are 0 as often as possible.

    Dynamic programming over sets: the best order of a set is the best order of the set without
    some last member, and one more when the set is even. The last place stays last, so that half
    of the sets need no look.
    """
    if not nets:
        return []
    count = len(nets) - 1
    sums = [0]
    for net in nets[:count]:
        sums += [subtotal + net for subtotal in sums]
    best = _count_even_subsets(sums)
    order = [count]
    members = len(sums) - 1
    while members:
        wanted = best[members] - (sums[members] == 0)
        last = next(
            place
            for place in range(count)
            if members >> place & 1 and best[members ^ (1 << place)] == wanted
        )
        order.append(last)
        members ^= 1 << last
    return order[::-1]


def _count_even_subsets(sums: list[int]) -> bytearray:
    """For each set, into how many even groups its members go at best, some left over.

    Sets are numbers whose bits are the members; `sums` has the sum of the nets of each.
    """
    best = bytearray(len(sums))
    if sums.count(0) == 1:
        return best  # only the empty set is even: nothing can be divided
    for members in range(1, len(sums)):
        rest, most = members, 0
        while rest:
            lowest = rest & -rest
            rest ^= lowest
            most = max(most, best[members ^ lowest])
        best[members] = most + (sums[members] == 0)
    return best
