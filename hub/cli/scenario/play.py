"""A scenario run through the real ledger and settlement, in a throw-away database."""

import asyncio
from dataclasses import replace
from typing import Final

from hub.cli.scenario.answer import Outcome, SettledWindow
from hub.cli.scenario.document import Scenario, all_parties, events_by_window
from hub.cli.scenario.events import parties_of
from hub.cli.scenario.stage import Stage, members_of
from hub.kernel.actor import HUB_ACTOR
from hub.settings import read_settings
from hub.wiring import Hub, open_hub, server_url, throw_away_database
from partners import store
from partners.agreements import save_terms
from partners.store import Coalition, Partner
from partners.terms import Terms
from settlement.settle import Settlement
from settlement.windows import PlannedWindow, close_window, load_settlement, plan_windows

CALENDAR: Final = "scenario"


def play_scenario(scenario: Scenario) -> Outcome:
    """Run a scenario from its first event to the cut of its last window."""
    with server_url(read_settings()) as url, throw_away_database(url) as own:
        return asyncio.run(_play(scenario, own))


async def _play(scenario: Scenario, url: str) -> Outcome:
    async with open_hub(url) as hub:
        await _set_up(hub, scenario)
        stage = Stage(hub, clearing=scenario.clearing)
        await stage.enrol(members_of(scenario.events))
        settlements = []
        for window, events in events_by_window(scenario):
            for event in events:
                await stage.perform(event)
            closed = await close_window(
                hub.database,
                hub.register,
                HUB_ACTOR,
                calendar=CALENDAR,
                code=window.id,
                now=window.cut_at,
                fx=scenario.fx,
            )
            async with hub.database.read(HUB_ACTOR) as tx:
                settlement = await load_settlement(tx, hub.register, closed)
            assert settlement is not None, "the window was closed"
            settlements.append(SettledWindow(window.id, settlement))
        return Outcome(
            settlements=_show_parties(scenario, settlements),
            lots=await stage.list_lots(),
            pool_required=await stage.measure_pool(),
            refused=tuple(stage.refused),
        )


async def _set_up(hub: Hub, scenario: Scenario) -> None:
    async with hub.database.begin(HUB_ACTOR) as tx:
        await store.put_coalition(
            tx, Coalition("scenario", "points", scenario.clearing, time_zone="UTC")
        )
        known = {partner.code: partner for partner in await store.list_partners(tx)}
        for code in sorted(_codes(scenario)):
            paid_in = scenario.settlement_currency.get(code)
            if code in known:
                await store.rename_partner(tx, replace(known[code], settlement_currency=paid_in))
                continue
            known[code] = await store.insert_partner(
                tx, code=code, name_en=code, name_zh=code, settlement_currency=paid_in
            )
        for partner in known.values():
            await save_terms(tx, partner, _terms_of(scenario, partner))
    await hub.register.refresh()
    await plan_windows(
        hub.database,
        HUB_ACTOR,
        calendar=CALENDAR,
        planned=[PlannedWindow(w.id, w.open_at, w.cut_at) for w in scenario.windows],
    )


def _terms_of(scenario: Scenario, partner: Partner) -> list[Terms]:
    return [terms for terms in scenario.terms if terms.partner == partner.code]


def _codes(scenario: Scenario) -> set[str]:
    codes = {code for event in scenario.events for code in parties_of(event.action)}
    codes |= {terms.partner for terms in scenario.terms}
    codes |= set(scenario.settlement_currency) | (scenario.listed_parties or set())
    return codes


def _show_parties(scenario: Scenario, settled: list[SettledWindow]) -> tuple[SettledWindow, ...]:
    """Give every window the parties that the file asks to be shown, and no others."""
    named = {code for each in settled for pair in each.settlement.cells for code in pair}
    parties = all_parties(scenario, named_in_cells=named)
    return tuple(
        replace(each, settlement=_with_parties(each.settlement, parties)) for each in settled
    )


def _with_parties(settlement: Settlement, parties: frozenset[str]) -> Settlement:
    return replace(settlement, clearing=replace(settlement.clearing, parties=parties))
