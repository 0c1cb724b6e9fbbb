"""The shelf keeps prepared documents, no more bytes than it may, each prepared once."""

import asyncio
import gc
import tracemalloc

import pytest

from schema.view.documents import NotPrepared, hash_text, price_nothing
from schema.view.shelf import DocumentShelf
from tests.schema.view.small import SCHEMA

CORE = SCHEMA._schema


def make_shelf(bytes_max=10_000_000):
    return DocumentShelf(CORE, compile_price=price_nothing, bytes_max=bytes_max)


def test_a_text_is_prepared_once():
    shelf = make_shelf()
    first = shelf.prepare("{ hello }")
    assert shelf.prepare("{ hello }") is first
    assert shelf.prepare("{ hello } ") is not first
    assert (shelf.prepared_count, len(shelf)) == (2, 2)
    assert shelf.get(hash_text("{ hello }")) is first


def test_what_is_not_valid_is_not_kept():
    shelf = make_shelf()
    for text in ("{", "{ nope }", ""):
        with pytest.raises(NotPrepared):
            shelf.prepare(text)
    assert (len(shelf), shelf.size_bytes) == (0, 0)


def test_documents_asked_for_least_recently_go_first():
    size = make_shelf().prepare("{ a0: hello }").size_bytes
    shelf = make_shelf(size * 3)
    for number in range(3):
        shelf.prepare(f"{{ a{number}: hello }}")
    shelf.get(hash_text("{ a0: hello }"))
    shelf.prepare("{ a3: hello }")
    kept = [shelf.get(hash_text(f"{{ a{number}: hello }}")) is not None for number in range(4)]
    assert kept == [True, False, True, True]
    assert shelf.size_bytes == size * 3


def test_a_document_larger_than_the_shelf_is_prepared_but_not_kept():
    shelf = make_shelf(100)
    assert shelf.prepare("{ hello }").operations[0].kind.value == "query"
    assert (len(shelf), shelf.size_bytes) == (0, 0)


def test_the_bytes_that_are_counted_are_not_less_than_those_that_are_taken():
    fields = " ".join(f"a{number}: hello deep {{ b{number}: name }}" for number in range(9))
    texts = [f"query Q{number} {{ {fields} }}" for number in range(40)]
    shelf = make_shelf(1_000_000_000)
    shelf.prepare("{ warm: hello }")
    gc.collect()
    tracemalloc.start()
    before = tracemalloc.get_traced_memory()[0]
    for text in texts:
        shelf.prepare(text)
    gc.collect()
    taken = tracemalloc.get_traced_memory()[0] - before
    tracemalloc.stop()
    assert taken <= shelf.size_bytes <= 3 * taken


async def test_many_who_ask_for_a_hash_at_once_cause_one_look_up():
    shelf, asked, may_answer = make_shelf(), [], asyncio.Event()

    async def find_text(sha256):
        asked.append(sha256)
        await may_answer.wait()
        return "{ hello }"

    sha256 = hash_text("{ hello }")
    waiting = [asyncio.create_task(shelf.find(sha256, find_text)) for _ in range(20)]
    await asyncio.sleep(0)
    waiting[0].cancel()  # whoever goes away does not take it from the others
    await asyncio.sleep(0)
    may_answer.set()
    found = await asyncio.gather(*waiting[1:])
    assert asked == [sha256]
    assert {id(document) for document in found} == {id(shelf.get(sha256))}
    assert waiting[0].cancelled()


async def test_a_hash_that_nobody_published_is_looked_up_again():
    shelf, asked = make_shelf(), []

    async def find_text(sha256):
        asked.append(sha256)

    assert await shelf.find("a" * 64, find_text) is None
    assert await shelf.find("a" * 64, find_text) is None
    assert len(asked) == 2
