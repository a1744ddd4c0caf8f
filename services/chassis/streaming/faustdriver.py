"""Faust's transport without four tasks a record.

Its consumer waits, for every record, for the first of four: the callback that takes the record, the
suspension of the flow, its own stop and its crash. The callback mostly puts the record into a queue
that has room and is done at once, while the tasks for the others cost more than all else that Faust
does with a record.
"""

import asyncio
from collections.abc import Coroutine, Generator, Iterable
from typing import Any

from faust.transport.drivers import aiokafka
from mode.services import Service, WaitResults


class _Begun:
    """A coroutine taken to its first wait at once, as `asyncio.eager_task_factory` of Python 3.12
    takes every one. To be awaited where it is not done by then.
    """

    def __init__(self, coroutine: Coroutine[Any, Any, Any]) -> None:
        """Raises what the coroutine raises before its first wait."""
        self._coroutine = coroutine
        self.is_done, self.result = False, None
        try:
            self._waits_for = coroutine.send(None)
        except StopIteration as stop:
            self.is_done, self.result = True, stop.value

    def __await__(self) -> Generator[Any, None, Any]:
        waits_for = self._waits_for
        try:
            while True:
                try:
                    yield waits_for
                except BaseException as error:  # noqa: BLE001 - the coroutine's to handle
                    waits_for = self._coroutine.throw(error)
                else:
                    waits_for = self._coroutine.send(None)
        except StopIteration as stop:
            return stop.value


class Eager(Service):
    """Waits for nothing beside a coroutine that does not wait."""

    async def wait_first(self, *coros: Any, **more: Any) -> WaitResults:
        first, *others = coros
        if not asyncio.iscoroutine(first):
            return await super().wait_first(*coros, **more)
        try:
            begun = _Begun(first)
        except BaseException:
            _close(others)
            raise
        if not begun.is_done:
            return await super().wait_first(begun, *others, **more)
        _close(others)
        return WaitResults([first], [begun.result], False)


def _close(waiting: Iterable[Any]) -> None:
    """Coroutines that nobody will wait for."""
    for one in filter(asyncio.iscoroutine, waiting):
        one.close()


class Consumer(Eager, aiokafka.Consumer):
    """Takes a record without a task where there is room for it."""


class Transport(aiokafka.Transport):
    Consumer = Consumer
