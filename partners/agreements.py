"""Agreements: save what partners and the coalition promised each other."""

from collections.abc import Iterable, Mapping
from datetime import datetime
from decimal import Decimal
from typing import Any

from hub.kernel.money import format_exact
from hub.kernel.tx import Tx
from partners import store
from partners.store import Partner
from partners.terms import Terms

_SPAN = ("partner", "version", "effective_from", "effective_until")


async def save_terms(tx: Tx, partner: Partner, versions: Iterable[Terms]) -> None:
    """Save new versions of a partner's terms, whose spans do not overlap, and tell every process.

    A version that was open-ended ends where the next one begins.
    """
    for terms in versions:
        await store.insert_terms(
            tx,
            partner_id=partner.partner_id,
            version=terms.version,
            effective_from=terms.effective_from,
            effective_until=terms.effective_until,
            written=write_terms(terms),
        )
    await store.notify_terms_changed(tx)


def write_terms(terms: Terms) -> dict[str, Any]:
    """Write terms as `make_terms` reads them: numbers are texts, nothing is lost."""
    names = [name for name in Terms.__dataclass_fields__ if name not in _SPAN[2:]]
    return {name: _written(getattr(terms, name)) for name in names}


def _written(value: object) -> Any:  # noqa: ANN401 (what JSON can hold)
    match value:
        case Decimal():
            return format_exact(value)
        case datetime():
            return value.isoformat()
        case str() | bool() | int() | None:
            return value
        case _:
            assert isinstance(value, Mapping), "terms hold numbers, texts and maps of them"
            return {key: _written(inner) for key, inner in value.items()}
