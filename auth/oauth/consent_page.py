"""The page on which a member allows a client something, and the page of an error. No scripts."""

from collections.abc import Mapping, Sequence
from html import escape
from typing import Final
from urllib.parse import urlsplit

from starlette.responses import HTMLResponse

from auth.oauth.provider import PartnerName
from auth.oauth.scopes import SCOPES
from hub.kernel.actor import Order

_STYLE: Final = (
    "body{font:16px/1.5 system-ui,sans-serif;max-width:34rem;margin:3rem auto;padding:0 1rem;"
    "color:#1c2530;background:#f6f7f9}main{background:#fff;border:1px solid #dde2e8;"
    "border-radius:12px;padding:1.5rem 2rem}h1{font-size:1.25rem}h1 small,li small{display:block;"
    "font-weight:400;font-size:.9em;color:#556070}.order{font-size:1.4rem;font-weight:600}"
    "button{font:inherit;padding:.6rem 1.4rem;border-radius:8px;border:1px solid #1b5fd0;"
    "margin-right:.6rem;cursor:pointer}.yes{background:#1b5fd0;color:#fff}"
    ".no{background:#fff;color:#1b5fd0}"
)
_HEADERS: Final = {
    "cache-control": "no-store",
    "referrer-policy": "no-referrer",
    "x-content-type-options": "nosniff",
    "x-frame-options": "DENY",
}


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
        f"<li>{escape(SCOPES[each].name_en)}<small>{escape(SCOPES[each].name_zh)}</small></li>"
        for each in scopes
    )
    fields = "".join(
        f'<input type="hidden" name="{escape(name)}" value="{escape(value)}">'
        for name, value in hidden.items()
    )
    who = escape(partner.name_en)
    who_zh = escape(partner.name_zh)
    body = (
        f"<h1>{who} asks for your permission<small>{who_zh} 请求您的授权</small></h1>"
        f"<p>{escape(client_name)}</p>{_show_order(order)}<ul>{listed}</ul>"
        f'<form method="post" action="/oauth/authorize">{fields}'
        '<button class="yes" name="decision" value="allow">Allow · 同意</button>'
        '<button class="no" name="decision" value="deny">Refuse · 拒绝</button></form>'
    )
    return _page("Permission · 授权", body, form_action=_origin(redirect_uri), status=200)


def show_error(description: str, *, status: int = 400) -> HTMLResponse:
    """Show why a request cannot go on; the browser stays here."""
    body = (
        "<h1>This request cannot go on<small>此请求无法继续</small></h1>"
        f"<p>{escape(description)}</p>"
        "<p>Go back to where you came from and begin anew. 请返回来源页面重新开始。</p>"
    )
    return _page("Not possible · 无法继续", body, form_action=None, status=status)


def _show_order(order: Order | None) -> str:
    if order is None:
        return ""
    points = f"{order.points:,}"
    return (
        f'<p class="order">{points} points · {points} 积分</p>'
        f"<p>For · 用于: {escape(order.reference)}</p>"
    )


def _page(title: str, body: str, *, form_action: str | None, status: int) -> HTMLResponse:
    # Browsers ask the policy of the page also where the answer to a form leads.
    actions = "'none'" if form_action is None else f"'self' {form_action}"
    policy = (
        "default-src 'none'; style-src 'unsafe-inline'; base-uri 'none'; frame-ancestors 'none';"
        f" form-action {actions}"
    )
    text = (
        '<!doctype html><html lang="en"><meta charset="utf-8">'
        '<meta name="viewport" content="width=device-width">'
        f"<title>{title}</title><style>{_STYLE}</style><main>{body}</main></html>"
    )
    headers = {**_HEADERS, "content-security-policy": policy}
    return HTMLResponse(text, status_code=status, headers=headers)


def _origin(address: str) -> str:
    parts = urlsplit(address)
    return f"{parts.scheme}://{parts.netloc}"
