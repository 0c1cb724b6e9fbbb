"""The verbs that a client may be allowed, in the words of the consent page."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from types import MappingProxyType
from typing import Final

from auth.oauth.errors import invalid_scope

SCOPES_CHARACTERS_MAX: Final = 600


@dataclass(frozen=True, slots=True)
class Scope:
    """One verb; `is_of_member` when it says something about a member and nothing without one."""

    name_en: str
    name_zh: str
    is_of_member: bool = False


SCOPES: Final[Mapping[str, Scope]] = MappingProxyType(
    {
        "openid": Scope("Know you by an id of its own", "以专属标识识别您", is_of_member=True),
        "offline_access": Scope(
            "Keep this access for up to 90 days", "保留此授权最长 90 天", is_of_member=True
        ),
        "points.read": Scope("See your points and their history", "查看您的积分及明细"),
        "points.issue": Scope("Give you points", "为您发放积分"),
        "points.redeem": Scope("Redeem your points", "使用您的积分"),
        "points.refund": Scope("Give redeemed points back", "退还已使用的积分"),
        "points.reverse": Scope("Take back points that it issued", "撤回其发放的积分"),
        "points.transfer": Scope("Transfer your points", "转让您的积分"),
        "members.read": Scope("See that you are a member", "查看您的会员身份"),
        "members.link": Scope("Link you to its own customer number", "关联其客户编号"),
        "memberships.sell": Scope("Sell and cancel memberships", "销售和取消会员套餐"),
        "settlement.read": Scope("See its settlements", "查看其结算"),
        "disputes.raise": Scope("Question lines of its settlements", "对其结算提出异议"),
        "webhooks.manage": Scope("Say where it wants to be told", "管理其通知地址"),
    }
)
"""Every scope there is. `auth.permissions` says which operation needs which."""


def read_scopes(text: str | None) -> tuple[str, ...]:
    """Read a `scope` parameter: names with one space between them, each once.

    Errors: OAuthRefused.
    """
    names = tuple(text.split(" ")) if text else ()
    unknown = [name for name in names if name not in SCOPES]
    if unknown or len(set(names)) != len(names):
        known = " ".join(SCOPES)
        raise invalid_scope(f"`scope` has a name twice or an unknown one; there are: {known}")
    return names


def narrow(asked: tuple[str, ...], allowed: Iterable[str]) -> tuple[str, ...]:
    """Give what was asked for, or all that is allowed when nothing was.

    Nothing is dropped in silence: who asks for more gets an error.

    Errors: OAuthRefused.
    """
    allowed = tuple(allowed)
    beyond = [name for name in asked if name not in allowed]
    if beyond:
        may = " ".join(allowed) or "nothing"
        raise invalid_scope(f"`{beyond[0]}` is not allowed here; you may ask for: {may}")
    return asked or allowed


def own_scopes(allowed: Iterable[str]) -> tuple[str, ...]:
    """Give the scopes that a client can have on its own behalf, without a member."""
    return tuple(name for name in allowed if not SCOPES[name].is_of_member)
