"""What an obligation is, in words: one sentence in English, one in Chinese.

Source: rule book 2.4.
"""

from collections.abc import Mapping
from decimal import Decimal
from enum import StrEnum
from types import MappingProxyType
from typing import Final

from hub.kernel.money import format_exact
from settlement.obligations import Basis, MoneyObligation, ObligationKind


class Language(StrEnum):
    """A language that members and partners read."""

    EN = "en"
    ZH = "zh"


REASONS: Final[Mapping[str, Mapping[Language, str]]] = MappingProxyType(
    {
        kind.value: MappingProxyType({Language.EN: english, Language.ZH: chinese})
        for kind, english, chinese in (
            (ObligationKind.ISSUE_VALUE, "the price of points issued", "发行积分的价款"),
            (ObligationKind.ISSUE_FEE, "the hub's fee on points issued", "枢纽的发行费"),
            (ObligationKind.REIMBURSE, "points that were accepted", "受理积分的补偿"),
            (
                ObligationKind.REIMBURSE_POOL,
                "points that were accepted, the pool's part",
                "受理积分的补偿（资金池部分）",
            ),
            (
                ObligationKind.REIMBURSE_TOPUP,
                "points that were accepted, the issuer's part",
                "受理积分的补偿（发行方部分）",
            ),
            (
                ObligationKind.POOL_MARGIN,
                "what is left of the issue price of points used",
                "已用积分的发行价余额",
            ),
            (ObligationKind.ACCEPT_FEE, "the hub's fee on points accepted", "枢纽的受理费"),
            (
                ObligationKind.BREAKAGE_ISSUER,
                "the issuer's share of points that expired",
                "过期积分中发行方的份额",
            ),
            (
                ObligationKind.BREAKAGE_OPERATOR,
                "the hub's share of points that expired",
                "过期积分中枢纽的份额",
            ),
            (ObligationKind.CASH_OUT, "points that were paid out as money", "积分兑现"),
            (ObligationKind.AGENT_FEE, "the agent's fee for a cash-out", "代理兑现的手续费"),
            (ObligationKind.DONATE, "points that were given to a charity", "积分捐赠"),
            (
                ObligationKind.DONATION_MATCH,
                "what the issuer adds to a donation",
                "发行方的配捐",
            ),
            (ObligationKind.REVSHARE, "a share of a membership's price", "会员费分成"),
            (ObligationKind.ADJUSTMENT, "an adjustment by the hub", "枢纽的调整"),
            (ObligationKind.LATE_INTEREST, "interest for late payment", "逾期利息"),
            (ObligationKind.HUB_FEE, "a fee of the hub", "枢纽的费用"),
        )
    }
)
"""Why one party owes another, per kind."""


def describe_obligation(
    owed: MoneyObligation,
    *,
    points: int,
    issuer: str | None,
    rate: Decimal | None,
    basis: Basis | None,
    language: Language,
) -> str:
    """Say who owes whom how much, for what, at which rate, under which terms."""
    amount = f"{format_exact(owed.amount)} {owed.currency}"
    reason = REASONS.get(owed.kind, {}).get(language, owed.kind)
    if language is Language.ZH:
        told = f"{owed.debtor} 应付 {owed.creditor} {amount}：{reason}"
        told += "（冲回）" if owed.is_reversal else ""
        return told + _basis_in_chinese(owed, points, issuer, rate, basis) + "。"
    told = f"{owed.debtor} owes {owed.creditor} {amount}: {reason}"
    told += ", given back" if owed.is_reversal else ""
    return told + _basis_in_english(owed, points, issuer, rate, basis) + "."


def _basis_in_english(
    owed: MoneyObligation,
    points: int,
    issuer: str | None,
    rate: Decimal | None,
    basis: Basis | None,
) -> str:
    if rate is None or basis is None:
        return f" ({owed.label})"
    price = f"{format_exact(rate)} {owed.currency}"
    if basis is Basis.ENTRY:
        return f"; {price} each time (terms {owed.label})"
    return f"; {points} points of {issuer} x {price} (terms {owed.label})"


def _basis_in_chinese(
    owed: MoneyObligation,
    points: int,
    issuer: str | None,
    rate: Decimal | None,
    basis: Basis | None,
) -> str:
    if rate is None or basis is None:
        return f"（{owed.label}）"
    price = f"{format_exact(rate)} {owed.currency}"
    if basis is Basis.ENTRY:
        return f"；每次 {price}（条款 {owed.label}）"
    return f"；{issuer} 的 {points} 积分 x {price}（条款 {owed.label}）"
