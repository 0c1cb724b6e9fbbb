"""The client against the real application: values in, values out, refusals raised."""

from contextlib import aclosing
from datetime import UTC, datetime, timedelta
from decimal import Decimal

import pytest

from hub.client.errors import Fault
from hub.client.generated.answers import EntryRef, PartnerRef
from hub.client.generated.enums import ActorKind, EntryKind, WindowStatus
from hub.client.generated.inputs import (
    AccountInput,
    BulkIssuePointsInput,
    CloseWindowInput,
    EnrolMemberInput,
    IssuePointsInput,
    MoneyInput,
    RedeemPointsInput,
    RefundPointsInput,
    SellMembershipInput,
    ShareInput,
)
from hub.client.generated.refusals import (
    AccountNotLinked,
    IdempotencyConflict,
    InsufficientPoints,
    OccurredAtOutOfBounds,
    PointsOutOfRange,
    RefundExceedsRedeemed,
    WindowNotFound,
)
from settlement.windows import PlannedWindow, plan_windows
from tests.api import OPERATOR
from tests.coalition import START, photograph

ANA = AccountInput(reference="ana")


async def available(hub):
    """What the member has, as one partner sees it."""
    wallet = await hub.wallet(account=ANA)
    return wallet and wallet.available_points


@pytest.fixture
async def air(api, connect):
    async with connect(await api.partner("AIR", expiry_months=12)) as hub:
        await hub.enrol_member(EnrolMemberInput(reference="ana"))
        yield hub


async def test_points_are_issued_redeemed_and_refunded(air):
    issued = await air.issue_points(
        IssuePointsInput(account=ANA, points=1000, reference="ticket-1")
    )
    assert issued.posted_at == START
    assert await available(air) == 1000
    redeemed = await air.redeem_points(RedeemPointsInput(account=ANA, points=600))
    assert await available(air) == 400
    refunded = await air.refund_points(
        RefundPointsInput(redemption_id=redeemed.entry_id, points=100)
    )
    assert (await available(air), refunded.expired_points) == (500, 0)
    entry = await air.entry(id=refunded.entry_id)
    assert entry is not None
    assert (entry.kind, entry.points, entry.occurred_at) == (EntryKind.REFUND, 100, START)
    assert entry.gives_back == EntryRef(id=redeemed.entry_id)
    assert entry.partner is not None
    assert entry.partner.code == "AIR"


async def test_the_same_value_sent_twice_is_one_request(air):
    wanted = IssuePointsInput(account=ANA, points=10)
    first = await air.issue_points(wanted)
    again = await air.issue_points(wanted)
    assert again.entry_id == first.entry_id
    assert await available(air) == 10
    other = await air.issue_points(IssuePointsInput(account=ANA, points=10))
    assert other.entry_id != first.entry_id


async def test_rows_of_a_bulk_fail_alone_and_say_why(air):
    rows = [
        IssuePointsInput(account=ANA, points=10),
        IssuePointsInput(account=ANA, points=0),
        IssuePointsInput(account=AccountInput(reference="nobody"), points=10),
    ]
    done = await air.bulk_issue_points(BulkIssuePointsInput(rows=tuple(rows)))
    told = []
    for row in done.rows:
        match row.user_errors:
            case ():
                told.append("done")
            case (PointsOutOfRange(points_min=least), *_):
                told.append(f"at least {least}")
            case (AccountNotLinked(reference=reference), *_):
                told.append(f"{reference} is new")
    assert told == ["done", "at least 1", "nobody is new"]
    assert [row.entry_id is None for row in done.rows] == [False, True, True]
    assert await available(air) == 10
    again = await air.bulk_issue_points(BulkIssuePointsInput(rows=tuple(rows)))
    assert again.rows[0].entry_id == done.rows[0].entry_id


async def test_a_refusal_is_raised_as_its_class_with_its_data(air, coalition):
    await air.issue_points(IssuePointsInput(account=ANA, points=70))
    before = await photograph(coalition)
    with pytest.raises(InsufficientPoints) as refused:
        await air.redeem_points(RedeemPointsInput(account=ANA, points=80))
    assert await photograph(coalition) == before
    refusal = refused.value
    assert (refusal.available_points, refusal.required_points) == (70, 80)
    assert (refusal.code, refusal.path) == ("INSUFFICIENT_POINTS", ("input", "points"))
    assert str(refusal) == "The wallet has fewer points available than are asked for."


async def test_a_refusal_holds_instants_in_utc(air):
    long_ago = START - timedelta(days=400)
    with pytest.raises(OccurredAtOutOfBounds) as refused:
        await air.issue_points(IssuePointsInput(account=ANA, points=1, occurred_at=long_ago))
    assert refused.value.occurred_at == long_ago
    assert refused.value.latest == START + timedelta(minutes=5)
    assert refused.value.latest.tzinfo is UTC


async def test_a_key_that_was_used_for_something_else_is_refused(air):
    await air.issue_points(IssuePointsInput(idempotency_key="k", account=ANA, points=1))
    with pytest.raises(IdempotencyConflict):
        await air.issue_points(IssuePointsInput(idempotency_key="k", account=ANA, points=2))


async def test_a_refund_above_what_was_redeemed_says_what_is_left(air):
    await air.issue_points(IssuePointsInput(account=ANA, points=50))
    redeemed = await air.redeem_points(RedeemPointsInput(account=ANA, points=50))
    with pytest.raises(RefundExceedsRedeemed) as refused:
        await air.refund_points(RefundPointsInput(redemption_id=redeemed.entry_id, points=51))
    assert refused.value.refundable_points == 50


async def test_lists_come_whole_however_small_the_pages_are(air):
    for points in range(1, 8):
        await air.issue_points(IssuePointsInput(account=ANA, points=points))
    lots = [lot async for lot in air.wallet_lots(account=ANA, page_size=3)]
    assert [lot.points for lot in lots] == [1, 2, 3, 4, 5, 6, 7]
    assert {lot.issuer.code for lot in lots} == {"AIR"}
    assert lots[0].expires_at == datetime(2027, 3, 2, tzinfo=UTC)
    activity = [edge async for edge in air.wallet_activity(account=ANA, page_size=2)]
    assert [edge.change_points for edge in activity] == [7, 6, 5, 4, 3, 2, 1]
    assert [edge.node.kind for edge in activity] == [EntryKind.ISSUE] * 7


async def test_a_list_may_be_left_early(air, api):
    for points in range(1, 8):
        await air.issue_points(IssuePointsInput(account=ANA, points=points))
    with api.counted() as statements:
        async with aclosing(air.wallet_lots(account=ANA, page_size=2)) as lots:
            first = await anext(lots)
    one_page = len(statements)
    with api.counted() as statements:
        every = [lot.points async for lot in air.wallet_lots(account=ANA, page_size=2)]
    assert (first.points, every) == (1, [1, 2, 3, 4, 5, 6, 7])
    assert len(statements) == 4 * one_page


async def test_what_is_not_there_is_none_and_its_lists_are_empty(air):
    stranger = AccountInput(reference="nobody")
    assert await air.wallet(account=stranger) is None
    assert await air.member(account=stranger) is None
    assert [lot async for lot in air.wallet_lots(account=stranger)] == []
    assert await air.partner(code="NOBODY") is None


async def test_amounts_are_decimals_to_the_last_place(air, api):
    await api.partner("BIO")
    sold = await air.sell_membership(
        SellMembershipInput(
            price_gross=MoneyInput(amount=Decimal("119.00"), currency="EUR"),
            vat_rate=Decimal("0.19"),
            shares=(
                ShareInput(partner="AIR", share=Decimal("0.6")),
                ShareInput(partner="BIO", share=Decimal("0.4")),
            ),
            reference="sale-1",
        )
    )
    entry = await air.entry(id=sold.entry_id)
    assert entry is not None
    assert entry.kind is EntryKind.MEMBERSHIP_SALE
    terms = await air.partner_terms(code="AIR")
    assert terms is not None
    assert [each.issue_price for each in terms] == [Decimal("0.0090")]
    assert [rate.rate for rate in terms[0].redemption_rates] == [Decimal("0.0080")]


async def test_a_window_is_read_and_its_refusals_are_told(api, connect):
    february = PlannedWindow("M2026-02", START - timedelta(28), START)
    database = api.coalition.hub.database
    await plan_windows(database, OPERATOR, calendar="monthly", planned=[february])
    async with connect(await api.operator()) as hub:
        windows = [window async for window in hub.settlement_windows(calendar="monthly")]
        assert [(window.code, window.status) for window in windows] == [
            ("M2026-02", WindowStatus.OPEN)
        ]
        closed = await hub.close_window(CloseWindowInput(calendar="monthly", window="M2026-02"))
        assert closed.window.status is WindowStatus.CLOSED
        assert [cell async for cell in hub.settlement_window_cells(id=closed.window.id)] == []
        with pytest.raises(WindowNotFound) as refused:
            await hub.close_window(CloseWindowInput(calendar="monthly", window="M1999-01"))
        assert (refused.value.calendar, refused.value.window) == ("monthly", "M1999-01")


async def test_who_asks_is_told(air):
    viewer = await air.viewer()
    assert viewer.kind is ActorKind.PARTNER
    assert isinstance(viewer.partner, PartnerRef)
    assert viewer.partner.code == "AIR"


async def test_partners_come_in_order_of_their_codes(air, api):
    for code in ("BIO", "ZOO"):
        await api.partner(code)
    codes = [partner.code async for partner in air.partners(page_size=2)]
    assert codes == sorted(codes)
    assert {"AIR", "BIO", "ZOO"} <= set(codes)


async def test_a_document_of_ones_own_takes_inputs_and_gives_what_came(air):
    wanted = IssuePointsInput(account=ANA, points=5)
    document = "mutation($input: IssuePointsInput!) { issuePoints(input: $input) { entryId } }"
    data = await air.execute(document, {"input": wanted})
    assert (await air.issue_points(wanted)).entry_id == data["issuePoints"]["entryId"]


async def test_a_document_that_does_not_fit_is_a_fault_and_is_not_tried_again(air, api):
    with pytest.raises(Fault) as fault:
        await air.execute("{ nothing }")
    assert fault.value.code == "GRAPHQL_VALIDATION_FAILED"
    assert fault.value.status == 400


async def test_a_token_of_nobody_is_a_fault(api, connect):
    caller = await api.partner("AIR")
    stranger = type(caller)(caller.http, {"authorization": "Bearer dev_nobody"})
    async with connect(stranger) as hub:
        with pytest.raises(Fault) as fault:
            await hub.wallet(account=ANA)
    assert fault.value.code == "UNAUTHENTICATED"
