"""What an entry did, in words: English and Chinese."""

from collections.abc import Mapping, Sequence
from datetime import datetime
from types import MappingProxyType
from typing import Final

from hub.ledger.entries import EntryKind
from hub.ledger.store import Allocation
from hub.ledger.views.store import Entry
from partners.register import Register
from schema.scalars import write_instant
from settlement.wording import Language

DEEDS: Final[Mapping[EntryKind, tuple[str, str]]] = MappingProxyType(
    {
        EntryKind.ISSUE: ("{partner} issued {points} points", "{partner} 发行了 {points} 积分"),
        EntryKind.REDEEM: ("{points} points paid {partner}", "在 {partner} 使用了 {points} 积分"),
        EntryKind.REFUND: (
            "{partner} gave {points} points back",
            "{partner} 退回了 {points} 积分",
        ),
        EntryKind.REVERSE: (
            "{partner} took {points} points of an issue back",
            "{partner} 收回了已发行的 {points} 积分",
        ),
        EntryKind.EXPIRE: ("{points} points expired", "{points} 积分已过期"),
        EntryKind.TRANSFER: (
            "{points} points moved to another wallet",
            "{points} 积分转到了另一个钱包",
        ),
        EntryKind.CASH_OUT: (
            "{points} points became money at {partner}",
            "{points} 积分在 {partner} 兑现",
        ),
        EntryKind.DONATE: (
            "{points} points were given to {partner}",
            "向 {partner} 捐赠了 {points} 积分",
        ),
        EntryKind.EXCHANGE: (
            "{points} points became {received} at {partner}",
            "{points} 积分在 {partner} 换成了 {received}",
        ),
        EntryKind.HOLD: ("{points} points were set aside", "预留了 {points} 积分"),
        EntryKind.CAPTURE: (
            "{points} points that were set aside paid {partner}",
            "在 {partner} 使用了预留的 {points} 积分",
        ),
        EntryKind.VOID: (
            "{points} points that were set aside are free again",
            "释放了预留的 {points} 积分",
        ),
        EntryKind.LAPSE: (
            "{points} points that were set aside are free again, as their time was over",
            "预留到期，释放了 {points} 积分",
        ),
        EntryKind.REPAY: (
            "{points} points repaid what the wallet owed",
            "用 {points} 积分偿还了所欠积分",
        ),
        EntryKind.ARRIVE: (
            "{points} points arrived from another wallet",
            "从另一个钱包转入 {points} 积分",
        ),
        EntryKind.EXTEND: ("{points} points live longer", "{points} 积分延长了有效期"),
        EntryKind.REINSTATE: (
            "{points} points that had expired came back",
            "恢复了 {points} 过期积分",
        ),
        EntryKind.RELEASE: (
            "{points} pending points became usable",
            "{points} 待定积分可以使用了",
        ),
        EntryKind.OWE: ("the wallet owes {points} points", "钱包欠 {points} 积分"),
        EntryKind.MEMBERSHIP_SALE: (
            "{partner} sold a membership",
            "{partner} 售出了一个会员资格",
        ),
        EntryKind.MEMBERSHIP_CANCEL: (
            "{partner} cancelled a membership",
            "{partner} 取消了一个会员资格",
        ),
        EntryKind.ADJUST: ("the hub adjusted what is owed", "枢纽调整了应付款"),
        EntryKind.LATE_INTEREST: ("interest for a late payment", "逾期利息"),
        EntryKind.HUB_FEE: ("a fee of the hub", "枢纽的费用"),
    }
)
_OTHER: Final = ("{points} points: {kind}", "{points} 积分：{kind}")


def tell_entry(
    register: Register,
    entry: Entry,
    allocations: Sequence[Allocation],
    ends: Mapping[int, datetime],
    *,
    language: Language,
) -> list[str]:
    """Say what an entry did, then what it took from each lot or gave back to it.

    `allocations` and `ends`, when lots expire, are what the reader may see.
    """
    index = 0 if language is Language.EN else 1
    partner = register.get_partner_by_id(entry.partner_id).code if entry.partner_id else ""
    points = entry.points
    if entry.kind is EntryKind.EXPIRE:
        points = -sum(allocation.points for allocation in allocations)
    received = _name_received(register, entry)[index]
    deed = DEEDS.get(entry.kind, _OTHER)[index].format(
        partner=partner, points=points, kind=entry.kind.name, received=received
    )
    told = [f"{deed[0].upper()}{deed[1:]}." if language is Language.EN else f"{deed}。"]
    for allocation in allocations:
        issuer = register.get_partner_by_id(allocation.issuer_id).code
        told.append(
            _tell_lot(allocation, issuer, ends.get(allocation.lot_id), is_english=index == 0)
        )
    return told


def _name_received(register: Register, entry: Entry) -> tuple[str, str]:
    """Say what an exchange gave, in both languages."""
    offer = register.find_offer_version(entry.partner_id, entry.reason or "")
    if offer is None:
        return "another currency", "另一种货币"
    units = offer.convert(entry.points).units
    return f"{units} {offer.name_en}", f"{units} {offer.name_zh}"


def _tell_lot(
    allocation: Allocation, issuer: str, end: datetime | None, *, is_english: bool
) -> str:
    points = abs(allocation.points)
    is_taken = allocation.points < 0
    if is_english:
        until = f", good until {write_instant(end)}" if end else ""
        return f"{points} points of {issuer} {'were taken' if is_taken else 'came back'}{until}."
    until = f"，有效期至 {write_instant(end)}" if end else ""
    return f"{'取用' if is_taken else '退回'} {issuer} 的 {points} 积分{until}。"
