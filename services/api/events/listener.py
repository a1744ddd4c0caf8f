"""One listener's way through the topics (ADR 0038).

It holds no queue, but a position in each partition: what it has not been sent yet lies in the
shared logs, or in Kafka, from where a listener that is far behind reads by itself until it has
caught up. So a slow one costs no memory, and none is lost or comes twice within a source.
"""

import asyncio
import contextlib
from collections.abc import AsyncGenerator, AsyncIterator, Callable, Iterable, Sequence
from typing import Any, NamedTuple

from fastapi.concurrency import run_in_threadpool
from pydantic_core import to_json

from services.api.events.content import TOPICS, Event
from services.api.events.feed import AT_ONCE, entries_of
from services.api.events.hub import EventHub, Waker
from services.api.events.log import Entry
from services.api.events.vectors import Positions, token_of
from services.api.events.wanted import Wanted
from services.api.principal import Principal
from services.chassis.errors import TransientError

HEARTBEAT_S = 10.0
OPENS_S = 0.5
POLL_S = 0.2
BUSY_S = 0.5
MOST_A_ROUND = 200


class Notice(NamedTuple):
    """What goes to the listener: to resume by, what it is, one line of JSON."""

    event_id: str
    name: str
    text: str


class Ended(Exception):
    """The stream is over: the service stops."""


class Listener:
    """Of one connection, in its event loop. `principal` says at once who is listening now."""

    def __init__(
        self,
        hub: EventHub,
        waker: Waker,
        wanted: Wanted,
        positions: Positions,
        principal: Callable[[], Principal],
    ) -> None:
        self._hub, self._waker, self._wanted, self._principal = hub, waker, wanted, principal
        self._positions: dict[str, list[int]] = {
            kind: list(offsets) for kind, offsets in positions.items() if kind in wanted.kinds
        }
        self._places: dict[str, int] = {}

    async def notices(self) -> AsyncGenerator[Sequence[Notice], None]:
        """First that it is ready: whatever happens from then on comes. An empty one now and then,
        so that a silent connection is known to live.
        """
        with contextlib.suppress(Ended):
            await self._begin()
            yield [Notice(token_of(self._positions), "ready", "{}")]
            while True:
                self._waker.changed.clear()
                found = False
                for kind in sorted(self._wanted.kinds):
                    async for some in self._round(kind):
                        found = True
                        yield some
                if not found:
                    yield await self._rest()

    def heartbeat(self) -> Notice:
        return Notice(token_of(self._positions), "heartbeat", "{}")

    async def _begin(self) -> None:
        """Take a position in each topic that has none yet. While Kafka is away that waits."""
        await self._check()
        for kind in sorted(self._wanted.kinds):
            while not self._hub.logs[kind].is_open:
                await self._wait(OPENS_S)
                await self._check()
            self._positions.setdefault(kind, self._hub.logs[kind].now())

    async def _rest(self) -> Sequence[Notice]:
        """Until there is news, or a heartbeat is due."""
        await self._wait(HEARTBEAT_S)
        await self._check()
        return []

    async def _wait(self, seconds: float) -> None:
        with contextlib.suppress(TimeoutError):
            await asyncio.wait_for(self._waker.changed.wait(), seconds)
        self._waker.changed.clear()

    async def _round(self, kind: str) -> AsyncIterator[Sequence[Notice]]:
        """What is there of one kind, a bounded number."""
        place = self._places.get(kind)
        if place is None:
            place = self._hub.logs[kind].place_for(self._positions[kind])
        if place is None:
            async for some in self._catch_up(kind):
                yield some
            return
        entries = self._hub.logs[kind].since(place, MOST_A_ROUND)
        if entries is None:
            self._places.pop(kind, None)
            self._waker.changed.set()
            return
        self._places[kind] = place + len(entries)
        notices = await self._told(kind, entries)
        if len(entries) == MOST_A_ROUND:
            self._waker.changed.set()
        if notices:
            yield notices

    async def _catch_up(self, kind: str) -> AsyncIterator[Sequence[Notice]]:
        """Read the topic alone until the shared log has what comes next."""
        if not self._hub.alone.acquire(blocking=False):
            await asyncio.sleep(BUSY_S)
            self._waker.changed.set()
            return
        try:
            async for some in self._read_alone(kind):
                yield some
        except TransientError:
            await asyncio.sleep(BUSY_S)
            self._waker.changed.set()
        finally:
            self._hub.alone.release()

    async def _read_alone(self, kind: str) -> AsyncIterator[Sequence[Notice]]:
        positions, topic = self._positions[kind], TOPICS[kind]
        reader = await self._in_thread(self._hub.reader, kind, dict(enumerate(positions)))
        try:
            for partition, offset in sorted(reader.starts.items()):
                if gap := self._gap(kind, partition.number, offset):
                    yield [gap]
            while self._hub.logs[kind].place_for(positions) is None:
                records = await self._in_thread(reader.poll, AT_ONCE, POLL_S)
                if notices := await self._told(kind, entries_of(kind, topic, records)):
                    yield notices
            self._waker.changed.set()
        finally:
            await asyncio.shield(self._in_thread(reader.close))

    async def _in_thread(self, work: Callable[..., Any], *arguments: Any) -> Any:
        loop = asyncio.get_running_loop()
        return await loop.run_in_executor(self._hub.threads, work, *arguments)

    async def _told(self, kind: str, entries: Sequence[Entry]) -> list[Notice]:
        """What of it goes to the listener; positions move on with all of it."""
        await self._check(entries)
        found: list[Notice] = []
        for entry in entries:
            found += self._take(kind, entry)
        return found

    def _take(self, kind: str, entry: Entry) -> Iterable[Notice]:
        positions = self._positions[kind]
        if entry.partition < len(positions) and entry.offset < positions[entry.partition]:
            return
        if gap := self._gap(kind, entry.partition, entry.offset):
            yield gap
        positions[entry.partition] = entry.offset + 1
        if entry.event is not None and self._is_shown(entry.event):
            yield Notice(token_of(self._positions), entry.event.name, entry.event.text)

    def _gap(self, kind: str, partition: int, offset: int) -> Notice | None:
        """What the topic has no more, said; or the topic was made anew, and is read from there."""
        positions = self._positions[kind]
        positions += [0] * (partition + 1 - len(positions))
        before, positions[partition] = positions[partition], offset
        if before == offset:
            return None
        missed = offset - before if offset > before else None
        text = to_json({"kind": kind, "missed": missed}).decode()
        return Notice(token_of(self._positions), "gap", text)

    def _is_shown(self, event: Event) -> bool:
        directory = self._hub.directory
        if not directory.may_see(self._principal(), event.source_id):
            return False
        return self._wanted.takes(event, directory.store_of(event.source_id))

    async def _check(self, entries: Sequence[Entry] = ()) -> None:
        """Whose the sources are, as of a moment ago. Raises Ended."""
        if self._hub.is_closing:
            raise Ended
        directory = self._hub.directory
        sources = {entry.event.source_id for entry in entries if entry.event is not None}
        if directory.is_old or not all(map(directory.knows, sources)):
            await run_in_threadpool(directory.refresh)
