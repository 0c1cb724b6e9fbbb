"""Two people: attack 49, and what an adjustment by people goes through."""

import asyncio
from datetime import timedelta

import pytest

from auth.policies import STEP_UP_SECONDS, Role
from tests.api import new_key
from tests.coalition import photograph

ADJUSTMENT = {
    "debtor": "AIR",
    "creditor": "SHOP",
    "amount": {"amount": "12.50", "currency": "EUR"},
    "reason": "a wrong receipt",
}
WAITING = "{ approvals { digest operation payload status isOwn } }"


@pytest.fixture
async def two_partners(desk):
    await desk.api.partner("AIR")
    await desk.api.partner("SHOP")


async def code_of(visitor, **given):
    (error,) = (await visitor.do("postAdjustment", "postedAt", **given))["userErrors"]
    return error["code"]


async def decide(visitor, digest, *, is_approved=True):
    payload = await visitor.do(
        "decideApproval", "approval { status }", digest=digest, isApproved=is_approved
    )
    errors = [error["code"] for error in payload["userErrors"]]
    return errors[0] if errors else payload["approval"]["status"]


async def waiting(visitor):
    return (await visitor.ask(WAITING))["data"]["approvals"]


async def test_an_adjustment_is_asked_for_approved_and_done_once(desk, two_partners):
    ada, ben = await desk.person(Role.FINANCE_MAKER), await desk.person(Role.FINANCE_CHECKER)
    before = await photograph(desk.api.coalition)
    given = {**ADJUSTMENT, "idempotencyKey": new_key()}
    assert await code_of(ada, **given) == "SECOND_PERSON_NEEDED"
    assert await photograph(desk.api.coalition) == before
    (shown,) = await waiting(ben)
    assert (shown["operation"], shown["status"], shown["isOwn"]) == (
        "post_adjustment",
        "WAITING",
        False,
    )
    assert (
        '"amount":"12.5"' in shown["payload"] and '"reason":"a wrong receipt"' in shown["payload"]
    )
    assert await decide(ben, shown["digest"]) == "APPROVED"
    assert await photograph(desk.api.coalition) == before, "the maker does it, not the checker"
    done = [await ada.do("postAdjustment", "postedAt entryId", **given) for _ in range(3)]
    assert done[0]["userErrors"] == [] and done[0] == done[1] == done[2]
    assert await desk.api.coalition.value("SELECT count(*) FROM ledger.money_lines") == 1
    assert await waiting(ben) == []
    events = await desk.api.coalition.query(
        "SELECT event, person_id FROM audit.log WHERE event LIKE 'approval.%' ORDER BY seq"
    )
    assert [tuple(row) for row in events] == [
        ("approval.asked", ada.person_id),
        ("approval.given", ben.person_id),
        ("approval.used", ada.person_id),
    ]


async def test_attack_49_nobody_approves_what_they_asked_for_in_any_session(desk, two_partners):
    both = await desk.person(Role.FINANCE_MAKER, Role.FINANCE_CHECKER)
    given = {**ADJUSTMENT, "idempotencyKey": new_key()}
    assert await code_of(both, **given) == "SECOND_PERSON_NEEDED"
    ((digest),) = [each["digest"] for each in await waiting(both)]
    assert await decide(both, digest) == "FOUR_EYES_REQUIRED"
    old = both.http.cookies.get("__Host-hub")
    await both.sign_in()
    assert both.http.cookies.get("__Host-hub") != old
    assert await decide(both, digest) == "FOUR_EYES_REQUIRED"
    assert await code_of(both, **given) == "SECOND_PERSON_NEEDED"
    assert await desk.api.coalition.value("SELECT count(*) FROM ledger.money_lines") == 0


async def test_attack_49_what_changed_after_the_approval_was_not_approved(desk, two_partners):
    ada, ben = await desk.person(Role.FINANCE_MAKER), await desk.person(Role.FINANCE_CHECKER)
    given = {**ADJUSTMENT, "idempotencyKey": new_key()}
    await code_of(ada, **given)
    await decide(ben, (await waiting(ben))[0]["digest"])
    for change in (
        {"amount": {"amount": "12.51", "currency": "EUR"}},
        {"amount": {"amount": "12.50", "currency": "USD"}},
        {"creditor": "HUB"},
        {"debtor": "SHOP", "creditor": "AIR"},
        {"reason": "a wrong receipt."},
        {"idempotencyKey": new_key()},
        {"occurredAt": "2026-03-01T11:00:00Z"},
    ):
        assert await code_of(ada, **{**given, **change}) == "SECOND_PERSON_NEEDED", change
    cy = await desk.person(Role.FINANCE_MAKER)
    assert await code_of(cy, **given) == "SECOND_PERSON_NEEDED", "asked by somebody else"
    assert await desk.api.coalition.value("SELECT count(*) FROM ledger.money_lines") == 0
    assert (await ada.do("postAdjustment", **given))["userErrors"] == []


async def test_attack_49_other_roles_neither_adjust_nor_approve(desk, two_partners):
    ada = await desk.person(Role.FINANCE_MAKER)
    await code_of(ada, **{**ADJUSTMENT, "idempotencyKey": new_key()})
    (shown,) = await waiting(ada)
    adjust = "mutation($input: PostAdjustmentInput!) { postAdjustment(input: $input) { postedAt } }"
    approve = (
        "mutation($input: DecideApprovalInput!) { decideApproval(input: $input) {"
        " userErrors { code } } }"
    )
    given = {**ADJUSTMENT, "idempotencyKey": new_key()}
    decision = {"digest": shown["digest"], "isApproved": True, "idempotencyKey": new_key()}
    for role in (Role.SUPPORT, Role.OPERATOR, Role.AUDITOR):
        other = await desk.person(role)
        assert await other.fault(adjust, input=given) == "FORBIDDEN"
        assert await other.fault(approve, input=decision) == "FORBIDDEN"
    assert await ada.fault(approve, input=decision) == "FORBIDDEN"
    air = await desk.person(Role.PARTNER_FINANCE, code="AIR")
    assert await air.fault(approve, input=decision) == "FORBIDDEN"
    (same,) = await waiting(ada)
    assert same["status"] == "WAITING"


async def test_a_refusal_is_the_end_of_it(desk, two_partners):
    ada, ben = await desk.person(Role.FINANCE_MAKER), await desk.person(Role.FINANCE_CHECKER)
    given = {**ADJUSTMENT, "idempotencyKey": new_key()}
    await code_of(ada, **given)
    digest = (await waiting(ben))[0]["digest"]
    assert await decide(ben, digest, is_approved=False) == "REFUSED"
    assert await decide(ben, digest, is_approved=False) == "REFUSED"
    assert await decide(ben, digest) == "APPROVAL_ALREADY_DECIDED"
    cy = await desk.person(Role.FINANCE_CHECKER)
    assert await decide(cy, digest) == "APPROVAL_ALREADY_DECIDED"
    assert await code_of(ada, **given) == "APPROVAL_REFUSED"


async def test_an_approval_ends_after_three_days(desk, two_partners):
    ada, ben = await desk.person(Role.FINANCE_MAKER), await desk.person(Role.FINANCE_CHECKER)
    given = [{**ADJUSTMENT, "idempotencyKey": new_key()} for _ in "ab"]
    for each in given:
        await code_of(ada, **each)
    first, second = [each["digest"] for each in await waiting(ben)]
    await decide(ben, first)
    desk.api.coalition.clock.tick(timedelta(days=3))
    for visitor in (ada, ben):
        await visitor.sign_in()
    assert await decide(ben, second) == "APPROVAL_ENDED"
    assert [await code_of(ada, **each) for each in given] == ["APPROVAL_ENDED"] * 2


async def test_digests_that_name_nothing_are_not_found(desk):
    ben = await desk.person(Role.FINANCE_CHECKER)
    for digest in ("", "x", "00", "0" * 64, "0" * 66):
        assert await decide(ben, digest) == "APPROVAL_NOT_FOUND"


async def test_two_decisions_at_once_are_one(desk, two_partners):
    ada, ben = await desk.person(Role.FINANCE_MAKER), await desk.person(Role.FINANCE_CHECKER)
    cy = await desk.person(Role.SECURITY_ADMIN)
    await code_of(ada, **{**ADJUSTMENT, "idempotencyKey": new_key()})
    digest = (await waiting(ben))[0]["digest"]
    both = await asyncio.gather(decide(ben, digest), decide(cy, digest, is_approved=False))
    assert min(both) == "APPROVAL_ALREADY_DECIDED"
    assert max(both) in ("APPROVED", "REFUSED")


async def test_what_is_dangerous_takes_a_fresh_passkey(desk, two_partners):
    ada, ben = await desk.person(Role.FINANCE_MAKER), await desk.person(Role.FINANCE_CHECKER)
    desk.api.coalition.clock.tick(timedelta(seconds=STEP_UP_SECONDS))
    given = {**ADJUSTMENT, "idempotencyKey": new_key()}
    assert await code_of(ada, **given) == "SECOND_PERSON_NEEDED"
    desk.api.coalition.clock.tick(timedelta(seconds=1))
    adjust = "mutation($i: PostAdjustmentInput!) { postAdjustment(input: $i) { postedAt } }"
    body = await ada.ask(adjust, i=given)
    assert body["errors"][0]["extensions"] == {
        "code": "INSUFFICIENT_USER_AUTHENTICATION",
        "acrValues": "phr",
        "maxAge": STEP_UP_SECONDS,
    }
    assert len(await waiting(ben)) == 1
    await ada.sign_in()
    assert await code_of(ada, **given) == "SECOND_PERSON_NEEDED"


async def test_the_database_itself_refuses_the_makers_own_eyes(desk, two_partners):
    import asyncpg

    both = await desk.person(Role.FINANCE_MAKER, Role.FINANCE_CHECKER)
    await code_of(both, **{**ADJUSTMENT, "idempotencyKey": new_key()})
    for statement, problem in (
        (
            "UPDATE approvals SET checker_id = maker_id, is_approved = true, decided_at = now()",
            asyncpg.CheckViolationError,
        ),
        ("UPDATE approvals SET is_approved = true", asyncpg.CheckViolationError),
        ("UPDATE approvals SET used_at = now()", asyncpg.CheckViolationError),
        ("DELETE FROM approvals", asyncpg.InsufficientPrivilegeError),
    ):
        with pytest.raises(problem):
            await desk.api.coalition.query(statement)


async def test_a_development_token_decides_nothing(desk):
    operator = await desk.api.operator()
    document = (
        "mutation($i: DecideApprovalInput!) { decideApproval(input: $i) { userErrors { code } } }"
    )
    given = {"idempotencyKey": new_key(), "digest": "0" * 64, "isApproved": True}
    assert await operator.fault(document, i=given) == "FORBIDDEN"
