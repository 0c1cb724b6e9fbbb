"""The page on which a member allows a client something, and the page of an error. No scripts."""

from collections.abc import Mapping, Sequence
from html import escape
from typing import Final
from urllib.parse import urlsplit

from starlette.responses import HTMLResponse

from auth.oauth.errors import TOO_MANY
from auth.oauth.provider import PartnerName
from auth.oauth.scopes import SCOPES
from auth.persons import SIGN_IN_PATH
from hub.kernel.actor import Order

_HEADERS: Final = {
    "cache-control": "no-store",
    # With no-referrer a browser would not name the origin of the answer, and we ask for it.
    "referrer-policy": "same-origin",
    "x-content-type-options": "nosniff",
    "x-frame-options": "DENY",
}
_IN_CHINESE: Final = {
    "Only members can allow this: sign out, and in again as a member.": (
        "只有会员可以授权：请退出登录，再以会员身份登录。"
    ),
    "This request was answered before.": "此请求已经答复过。",
    "The request is unknown, was used before, or took too long.": (
        "该请求不存在、已使用过或已超时。"
    ),
    "Nobody is signed in any more.": "您已不在登录状态。",
    "The answer is not from this page.": "该答复并非来自此页面。",
}
"""What a member may be told; the rest is for whoever wrote the client."""
_TOO_OFTEN_IN_CHINESE: Final = "请求过多，请稍后再试。"


def show_consent(
    *,
    partner: PartnerName,
    client_name: str,
    scopes: Sequence[str],
    order: Order | None,
    hidden: Mapping[str, str],
    redirect_uri: str,
) -> HTMLResponse:
    """Show what a client asks for; `hidden` comes back with the answer."""
    listed = "".join(
        f"<li>{_in_both(SCOPES[each].name_en, SCOPES[each].name_zh)}</li>" for each in scopes
    )
    fields = "".join(
        f'<input type="hidden" name="{escape(name)}" value="{escape(value)}">'
        for name, value in hidden.items()
    )
    asks = _in_both(
        f"{partner.name_en} asks for your permission", f"{partner.name_zh} 请求您的授权"
    )
    through = _in_both("Its program", "其程序")
    body = (
        f"<h1>{asks}</h1><dl><dt>{through}</dt><dd>{escape(client_name)}</dd>{_show_order(order)}"
        f'</dl><ul>{listed}</ul><form class="choice" method="post" action="/oauth/authorize">'
        f'{fields}<button name="decision" value="allow">{_in_both("Allow", "同意")}</button>'
        f'<button name="decision" value="deny" class="no">{_in_both("Refuse", "拒绝")}</button>'
        "</form>"
    )
    return _page("Permission · 授权", body, form_action=_origin(redirect_uri), status=200)


def show_error(description: str, *, status: int = 400) -> HTMLResponse:
    """Show why a request cannot go on; the browser stays here."""
    told = description[:1].upper() + description[1:]
    chinese = _TOO_OFTEN_IN_CHINESE if status == TOO_MANY else _IN_CHINESE.get(told, "")
    again = "Go back to where you came from and begin anew."
    body = (
        f"<h1>{_in_both('This request cannot go on', '此请求无法继续')}</h1>"
        f"<p>{_in_both(told, chinese)}</p>"
        f"<p>{_in_both(again, '请返回来源页面重新开始。')}</p>"
    )
    return _page("Not possible · 无法继续", body, form_action=None, status=status)


def _show_order(order: Order | None) -> str:
    if order is None:
        return ""
    points = f"{order.points:,}"
    return (
        f'<dt>{_in_both("Points to redeem", "使用积分")}</dt><dd class="order">{points}</dd>'
        f"<dt>{_in_both('For', '用于')}</dt><dd>{escape(order.reference)}</dd>"
    )


def _in_both(english: str, chinese: str) -> str:
    """Write a text in English, with Chinese below it where there is some."""
    below = f'<small lang="zh-Hans">{escape(chinese)}</small>' if chinese else ""
    return escape(english) + below


def _page(title: str, body: str, *, form_action: str | None, status: int) -> HTMLResponse:
    # Browsers ask the policy of the page also where the answer to a form leads.
    actions = "'none'" if form_action is None else f"'self' {form_action}"
    policy = (
        "default-src 'none'; style-src 'self'; base-uri 'none'; frame-ancestors 'none';"
        f" form-action {actions}"
    )
    text = (
        '<!doctype html><html lang="en"><head><meta charset="utf-8">'
        '<meta name="viewport" content="width=device-width, initial-scale=1">'
        f"<title>{title}</title>"
        f'<link rel="stylesheet" href="{SIGN_IN_PATH}/page.css"></head>'
        f"<body><main>{body}</main></body></html>"
    )
    headers = {**_HEADERS, "content-security-policy": policy}
    return HTMLResponse(text, status_code=status, headers=headers)


def _origin(address: str) -> str:
    parts = urlsplit(address)
    return f"{parts.scheme}://{parts.netloc}"
