"""What an entry can be, and in which language it is told."""

from enum import Enum
from typing import Annotated

import strawberry


@strawberry.enum(description="What an entry did.")
class EntryKind(Enum):
    """What an entry did."""

    ISSUE = strawberry.enum_value("ISSUE", description="Points were issued: a lot was made.")
    REDEEM = strawberry.enum_value("REDEEM", description="Points paid an acceptor.")
    REFUND = strawberry.enum_value("REFUND", description="Points of a redemption came back.")
    REVERSE = strawberry.enum_value("REVERSE", description="Unspent points were taken back.")
    EXPIRE = strawberry.enum_value("EXPIRE", description="Points whose end had come are gone.")
    TRANSFER = strawberry.enum_value("TRANSFER", description="Points moved to another wallet.")
    CASH_OUT = strawberry.enum_value("CASH_OUT", description="Points became money.")
    DONATE = strawberry.enum_value("DONATE", description="Points went to a charity.")
    EXCHANGE = strawberry.enum_value(
        "EXCHANGE", description="Points became another currency, e.g. miles."
    )
    HOLD = strawberry.enum_value("HOLD", description="Points were set aside.")
    CAPTURE = strawberry.enum_value("CAPTURE", description="Points that were set aside were taken.")
    VOID = strawberry.enum_value("VOID", description="Points that were set aside are free again.")
    LAPSE = strawberry.enum_value(
        "LAPSE", description="Points that were set aside are free again: their time was over."
    )
    REPAY = strawberry.enum_value("REPAY", description="Points repaid what the wallet owed.")
    ARRIVE = strawberry.enum_value(
        "ARRIVE", description="Points arrived from a wallet elsewhere in the ledger."
    )
    EXTEND = strawberry.enum_value("EXTEND", description="Points live longer.")
    REINSTATE = strawberry.enum_value("REINSTATE", description="Expired points came back.")
    RELEASE = strawberry.enum_value("RELEASE", description="Pending points became usable.")
    OWE = strawberry.enum_value(
        "OWE", description="The wallet owes points: more was taken back than it had."
    )
    MEMBERSHIP_SALE = strawberry.enum_value(
        "MEMBERSHIP_SALE", description="A membership was sold: money, no points."
    )
    MEMBERSHIP_CANCEL = strawberry.enum_value(
        "MEMBERSHIP_CANCEL", description="A membership was cancelled: money, no points."
    )
    ADJUST = strawberry.enum_value(
        "ADJUST", description="A person of the hub let one party owe another: money, no points."
    )
    LATE_INTEREST = strawberry.enum_value(
        "LATE_INTEREST", description="Interest for a late payment: money, no points."
    )
    HUB_FEE = strawberry.enum_value("HUB_FEE", description="A fee of the hub: money, no points.")


@strawberry.enum(description="What a cap is about.")
class CapKind(Enum):
    """What a cap is about."""

    WINDOW = strawberry.enum_value(
        "WINDOW", description="What a partner may issue in a calendar month."
    )
    MEMBER = strawberry.enum_value(
        "MEMBER", description="What a partner may issue to one member in a calendar month."
    )
    BUDGET = strawberry.enum_value(
        "BUDGET", description="What a partner may issue for one reason: the budget of a campaign."
    )
    TRANSFER = strawberry.enum_value(
        "TRANSFER", description="What one member may transfer to others."
    )
    ACCEPT = strawberry.enum_value("ACCEPT", description="What a partner may accept.")
    NET_DEBIT = strawberry.enum_value(
        "NET_DEBIT", description="What a partner may owe for its points, in money."
    )
    EXCHANGE = strawberry.enum_value(
        "EXCHANGE", description="What one member may exchange at a partner in a day."
    )


@strawberry.enum(description="Of which span of the coalition's calendar a cap begins anew.")
class CapRenewal(Enum):
    """Of which span of the calendar a cap begins anew."""

    DAY = strawberry.enum_value("DAY", description="Every day.")
    WEEK = strawberry.enum_value("WEEK", description="Every week, from Monday.")
    MONTH = strawberry.enum_value("MONTH", description="Every month.")
    YEAR = strawberry.enum_value("YEAR", description="Every year.")


@strawberry.enum(description="In which language.")
class Language(Enum):
    """In which language."""

    EN = strawberry.enum_value("en", description="English.")
    ZH = strawberry.enum_value("zh", description="Simplified Chinese, 简体中文.")


InLanguage = Annotated[Language, strawberry.argument(description="In which language.")]
