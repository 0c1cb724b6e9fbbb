"""The page on which a developer tries queries: GraphiQL, all of it served from here."""

from pathlib import Path
from typing import Final

from starlette.responses import HTMLResponse
from starlette.routing import Mount
from starlette.staticfiles import StaticFiles

STATIC_PATH: Final = "/graphiql"
_STATIC: Final = Path(__file__).parent.joinpath("static")

_POLICY: Final = (
    "default-src 'none'; script-src 'self'; connect-src 'self'; img-src 'self' data:;"
    " style-src 'self' 'unsafe-inline'; font-src 'self' data:; worker-src 'self' blob:;"
    " base-uri 'none'; form-action 'none'; frame-ancestors 'none'"
)
"""Nothing is loaded from anywhere else. Styles inline: the editor measures text that way."""


def show_page() -> HTMLResponse:
    """Answer with the page."""
    return HTMLResponse(
        _STATIC.joinpath("index.html").read_text(encoding="utf-8"),
        headers={"content-security-policy": _POLICY, "x-content-type-options": "nosniff"},
    )


def mount_files() -> Mount:
    """Serve the page's scripts and styles."""
    return Mount(STATIC_PATH, StaticFiles(directory=_STATIC))
