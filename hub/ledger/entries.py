"""The kinds of entry: what may happen to points, and to money without points."""

from enum import IntEnum


class EntryKind(IntEnum):
    """What an entry did; the number is what the journal stores.

    Numbers from 20 belong to the house lane: money without points.

    Source: rule book 2.4, 2.5.3.
    """

    ISSUE = 1
    REDEEM = 2
    REFUND = 3
    REVERSE = 4
    EXPIRE = 5
    TRANSFER = 6
    CASH_OUT = 7
    DONATE = 8
    EXCHANGE = 9
    HOLD = 10
    CAPTURE = 11
    VOID = 12
    LAPSE = 13
    REPAY = 14
    ARRIVE = 15
    EXTEND = 16
    REINSTATE = 17
    RELEASE = 18
    OWE = 19
    MEMBERSHIP_SALE = 20
    MEMBERSHIP_CANCEL = 21
    ADJUST = 22
    LATE_INTEREST = 23
    HUB_FEE = 24
