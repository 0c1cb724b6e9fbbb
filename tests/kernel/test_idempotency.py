"""Keys outside the ledger: once, whatever fails in between."""

import pytest

from hub.kernel.actor import HUB_ACTOR, Actor, ActorKind
from hub.kernel.errors import AmountNotExact, IdempotencyConflict
from hub.kernel.idempotency import Question, accept, answer_once, answer_resumably

QUESTION = Question(HUB_ACTOR, "k", "count", (1, "a"))
REFUSALS = (AmountNotExact,)


class Work:
    """Something that is done, and may fail before it is."""

    def __init__(self, *failures: Exception) -> None:
        self.failures = list(failures)
        self.done = 0

    async def __call__(self) -> dict[str, int]:
        if self.failures:
            raise self.failures.pop(0)
        self.done += 1
        return {"done": self.done}


async def ask(coalition, question, work):
    async with coalition.hub.database.begin(question.actor) as tx:
        return await answer_once(tx, question, work, refusals=REFUSALS)


async def test_the_second_time_gives_the_answer_of_the_first(coalition):
    work = Work()
    assert [await ask(coalition, QUESTION, work) for _ in range(3)] == [{"done": 1}] * 3
    assert work.done == 1


async def test_another_request_under_the_key_is_a_conflict_and_another_actor_is_not(coalition):
    work = Work()
    await ask(coalition, QUESTION, work)
    for other in (
        Question(HUB_ACTOR, "k", "count", (1, "b")),
        Question(HUB_ACTOR, "k", "count", (1,)),
        Question(HUB_ACTOR, "k", "weigh", (1, "a")),
        Question(HUB_ACTOR, "k", "count", ("1a", "")),
    ):
        with pytest.raises(IdempotencyConflict):
            await ask(coalition, other, work)
    somebody = Question(Actor(ActorKind.PARTNER, 7), "k", "count", (1, "a"))
    assert await ask(coalition, somebody, work) == {"done": 2}


async def test_a_refusal_is_an_answer_with_its_data(coalition):
    work = Work(AmountNotExact("0.001", 2))
    for _ in range(2):
        answer = await ask(coalition, QUESTION, work)
        with pytest.raises(AmountNotExact) as caught:
            accept(answer, refusals=REFUSALS)
        assert (caught.value.amount, caught.value.places_max) == ("0.001", 2)
    assert work.done == 0


async def test_a_fault_leaves_the_key_free(coalition):
    work = Work(ZeroDivisionError())
    with pytest.raises(ZeroDivisionError):
        await ask(coalition, QUESTION, work)
    assert await ask(coalition, QUESTION, work) == {"done": 1}


async def test_resumable_work_is_done_again_after_a_crash_and_never_after_an_answer(coalition):
    work, database = Work(ZeroDivisionError()), coalition.hub.database
    with pytest.raises(ZeroDivisionError):
        await answer_resumably(database, QUESTION, work, refusals=REFUSALS)
    other = Question(HUB_ACTOR, "k", "count", ())
    with pytest.raises(IdempotencyConflict):
        await answer_resumably(database, other, work, refusals=REFUSALS)
    for _ in range(2):
        answer = await answer_resumably(database, QUESTION, work, refusals=REFUSALS)
        assert answer == {"done": 1}
