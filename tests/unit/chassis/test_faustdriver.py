"""Faust's consumer: a record's callback that does not wait costs no task."""

import asyncio
from collections.abc import Callable, Coroutine
from typing import Any

import pytest

from services.chassis.streaming.faustdriver import Eager


class Reading(Eager):
    """A service that waits as Faust's consumer does."""


def with_service(test: Callable[[Reading], Coroutine[Any, Any, None]]) -> None:
    async def run() -> None:
        await test(Reading())

    asyncio.run(run())


async def at_once() -> str:
    return "done"


def test_a_coroutine_that_does_not_wait_makes_no_task() -> None:
    begun: list[asyncio.Task[Any]] = []

    def counted(loop: asyncio.AbstractEventLoop, coro: Any, **_: Any) -> asyncio.Task[Any]:
        begun.append(asyncio.Task(coro, loop=loop))
        return begun[-1]

    async def test(service: Reading) -> None:
        suspended = asyncio.Event()
        loop = asyncio.get_running_loop()
        loop.set_task_factory(counted)
        found = await service.wait_first(at_once(), suspended.wait())
        loop.set_task_factory(None)
        assert (found.results, found.stopped) == (["done"], False)

    with_service(test)
    assert begun == []


def test_one_that_waits_is_waited_for() -> None:
    async def test(service: Reading) -> None:
        room, half, other = asyncio.Event(), asyncio.Event(), asyncio.Event()

        async def put() -> str:
            await room.wait()
            half.set()
            await other.wait()
            return "put"

        waiting = asyncio.ensure_future(service.wait_first(put(), asyncio.Event().wait()))
        await asyncio.sleep(0)
        room.set()
        await half.wait()
        assert not waiting.done()
        other.set()
        assert (await waiting).results == ["put"]

    with_service(test)


def test_what_fails_while_it_waits_is_heard_inside_and_outside() -> None:
    async def test(service: Reading) -> None:
        answer: asyncio.Future[None] = asyncio.get_running_loop().create_future()
        heard: list[str] = []

        async def put() -> None:
            try:
                await answer
            except LookupError as error:
                heard.append(str(error))
                raise ValueError("no room") from error

        waiting = asyncio.ensure_future(service.wait_first(put(), asyncio.Event().wait()))
        await asyncio.sleep(0)
        answer.set_exception(LookupError("gone"))
        with pytest.raises(ValueError, match="no room"):
            await waiting
        assert heard == ["gone"]

    with_service(test)


def test_a_suspended_flow_cancels_one_that_waits() -> None:
    async def test(service: Reading) -> None:
        suspended = asyncio.Event()
        cancelled: list[bool] = []

        async def put() -> None:
            try:
                await asyncio.Event().wait()
            finally:
                cancelled.append(True)

        waiting = asyncio.ensure_future(service.wait_first(put(), suspended.wait()))
        await asyncio.sleep(0)
        suspended.set()
        await waiting
        await asyncio.sleep(0)
        assert cancelled == [True]

    with_service(test)


def test_what_fails_before_the_first_wait_is_raised() -> None:
    async def broken() -> None:
        raise ValueError("cannot be decoded")

    async def test(service: Reading) -> None:
        with pytest.raises(ValueError, match="cannot be decoded"):
            await service.wait_first(broken(), asyncio.Event().wait())

    with_service(test)
