"""The cycle report: how much of what is owed can be cleared without any cash.

Taking the same amount off every debt of a cycle changes no net, so a batch whose payments are
blocked can still be settled to this extent.

Source: rule book 2.6.
"""

from collections import defaultdict, deque
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field

from settlement.cells import Cell, Pair

Amounts = defaultdict[Pair, int]


@dataclass(frozen=True, slots=True)
class Cycle:
    """Each party owes the next, and the last the first, at least this much.

    Units: minor units of the clearing currency, per debt of the cycle.
    """

    parties: tuple[str, ...]
    amount_minor: int


@dataclass(frozen=True, slots=True)
class CycleReport:
    """The most that can be cleared without cash, and by which cycles.

    A negative cell counts as a debt in the other direction.

    Units: minor units; `clearable_minor` of the `owed_minor` between all parties.
    """

    owed_minor: int
    clearable_minor: int
    cleared_minor: Mapping[Pair, int] = field(hash=False)
    cycles: tuple[Cycle, ...]


def report_cycles(cells: Iterable[Cell]) -> CycleReport:
    """Find the largest amount that cycles clear.

    What stays owed after clearing meets the same nets by debts that existed before, and is the
    least that does: a flow from net debtors to net creditors over the fewest debts.
    """
    debts = _debts(cells)
    uncleared = _route_nets(debts)
    cleared = {pair: debts[pair] - uncleared[pair] for pair in sorted(debts)}
    cleared = {pair: amount for pair, amount in cleared.items() if amount}
    return CycleReport(
        owed_minor=sum(debts.values()),
        clearable_minor=sum(cleared.values()),
        cleared_minor=cleared,
        cycles=tuple(_decompose(cleared)),
    )


def _debts(cells: Iterable[Cell]) -> Amounts:
    debts: Amounts = defaultdict(int)
    for cell in cells:
        owed = cell.rounded_minor
        if owed > 0:
            debts[cell.pair] += owed
        elif owed < 0:
            debts[Pair(cell.pair.creditor, cell.pair.debtor)] -= owed
    return debts


def _route_nets(debts: Amounts) -> Amounts:
    """Send each net over existing debts, along shortest paths: the least total that meets nets."""
    nets: defaultdict[str, int] = defaultdict(int)
    for (debtor, creditor), amount in debts.items():
        nets[debtor] += amount
        nets[creditor] -= amount
    routed: Amounts = defaultdict(int)
    while any(net > 0 for net in nets.values()):
        path = _shortest_path(nets, debts, routed)
        room = (_room(step, debts, routed) for step in path)
        amount = min(nets[path[0].debtor], -nets[path[-1].creditor], *room)
        for step in path:
            back = Pair(step.creditor, step.debtor)
            undone = min(amount, routed[back])
            routed[back] -= undone
            routed[step] += amount - undone
        nets[path[0].debtor] -= amount
        nets[path[-1].creditor] += amount
    return routed


def _room(step: Pair, debts: Amounts, routed: Amounts) -> int:
    """How much more can go along a step at its present cost: first by undoing the way back."""
    return routed[Pair(step.creditor, step.debtor)] or debts[step] - routed[step]


def _shortest_path(nets: Mapping[str, int], debts: Amounts, routed: Amounts) -> list[Pair]:
    """Find the cheapest way from a party that still owes to one that is still owed.

    A step over a debt costs 1, a step that undoes what was routed the other way earns 1.
    (Bellman and Ford with a queue; no cycle earns, since every path so far was the cheapest.)
    """
    neighbours = _steps(debts, routed)
    cost = {party: 0 for party, net in sorted(nets.items()) if net > 0}
    came_by: dict[str, Pair] = {}
    queue = deque(cost)
    while queue:
        party = queue.popleft()
        for step, price in neighbours[party]:
            if cost[party] + price < cost.get(step.creditor, len(nets) + 1):
                cost[step.creditor] = cost[party] + price
                came_by[step.creditor] = step
                queue.append(step.creditor)
    reached = [party for party, net in sorted(nets.items()) if net < 0 and party in cost]
    end = min(reached, key=lambda party: cost[party])
    path: list[Pair] = []
    while end in came_by:
        path.append(came_by[end])
        end = came_by[end].debtor
    return path[::-1]


def _steps(debts: Amounts, routed: Amounts) -> defaultdict[str, list[tuple[Pair, int]]]:
    """List the steps that have room, by the party where they start, with their price."""
    neighbours: defaultdict[str, list[tuple[Pair, int]]] = defaultdict(list)
    for pair in sorted(debts):
        back = Pair(pair.creditor, pair.debtor)
        if routed[pair]:
            neighbours[back.debtor].append((back, -1))
        if debts[pair] > routed[pair] and not routed[back]:
            neighbours[pair.debtor].append((pair, 1))
    return neighbours


def _decompose(cleared: Mapping[Pair, int]) -> list[Cycle]:
    """Write what was cleared as cycles, each from its first party in ASCII order."""
    left = dict(cleared)
    # Of each debtor the debts that are left; cycles go over the last of each only.
    debts: defaultdict[str, list[Pair]] = defaultdict(list)
    for pair in sorted(left, reverse=True):
        debts[pair.debtor].append(pair)
    cycles: list[Cycle] = []
    while debts:
        cycle = _walk_cycle(debts)
        amount = min(left[debt] for debt in cycle)
        cycles.append(Cycle(tuple(debt.debtor for debt in cycle), amount))
        for debt in cycle:
            left[debt] -= amount
            if not left[debt]:
                debts[debt.debtor].pop()
            if not debts[debt.debtor]:
                del debts[debt.debtor]
    return cycles


def _walk_cycle(debts: Mapping[str, list[Pair]]) -> list[Pair]:
    """Go from debtor to creditor until a party comes twice; whoever is owed here owes, too."""
    walked: dict[str, Pair] = {}
    party = min(debts)
    while party not in walked:
        walked[party] = debts[party][-1]
        party = walked[party].creditor
    cycle = [party]
    while (creditor := walked[cycle[-1]].creditor) != party:
        cycle.append(creditor)
    start = cycle.index(min(cycle))
    return [walked[debtor] for debtor in cycle[start:] + cycle[:start]]
