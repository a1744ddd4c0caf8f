"""Whoever opened a stream is asked for again while it is open: logins end, roles change, cameras
are given to other stores (ADR 0038).

One thread of the process asks for all of them together, twice a second, by the same handful of
queries whether five streams are open or five hundred.
"""

import asyncio
import threading
from collections.abc import Collection, Iterable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from itertools import islice
from typing import TypeVar

from sqlalchemy import Engine
from sqlalchemy.exc import InterfaceError, OperationalError

from services.api.access import identity
from services.api.access.identity import Credentials
from services.api.config import ApiSettings
from services.api.faces.rule import hides_from
from services.api.principal import Principal, Right
from services.api.queries.sources import Ownership, owners_of
from services.chassis.clock import Clock
from services.chassis.errors import TransientError
from services.chassis.telemetry import logs

log = logs.get("admission")
EVERY_S = 0.5
AT_ONCE = 500
"""So many logins, keys or sources are asked for in a query."""


Item = TypeVar("Item")


class ShutOut(Exception):
    """They may not have that stream any more."""


class FacesChanged(Exception):
    """Of other sources than before they get no picture but with hidden faces."""


class Unsettled(Exception):
    """Whether they still may could not be found out; not because the database was away."""


@dataclass(frozen=True)
class Terms:
    """What a stream is let in for. `hidden`: of which of the sources faces are hidden; None where
    it shows no pictures.
    """

    right: Right
    source_ids: frozenset[str] = frozenset()
    hidden: frozenset[str] | None = None

    def require(self, principal: Principal | None, owners: Mapping[str, Ownership]) -> Principal:
        """Who still has the stream. Raises ShutOut, FacesChanged."""
        if principal is None or not principal.may(self.right):
            raise ShutOut
        ours = {name: owners.get(name) for name in self.source_ids}
        of_all = set(ours.values())  # a wall has many cameras of few owners
        if not all(each and principal.may_see(each.tenant_id, each.store_id) for each in of_all):
            raise ShutOut
        if self.hidden is not None:
            hiding = {each for each in of_all if each and hides_from(each.hidden_for, principal)}
            if self.hidden != {name for name, each in ours.items() if each in hiding}:
                raise FacesChanged
        return principal


class Stay:
    """Of one open stream, in its event loop. `principal` is who has it, as of a moment ago."""

    def __init__(self, shown: Credentials, terms: Terms, principal: Principal) -> None:
        self.shown, self.terms, self.principal = shown, terms, principal
        self._loop = asyncio.get_running_loop()
        self._end: asyncio.Future[None] = self._loop.create_future()

    async def until_over(self) -> None:
        """Never returns. Raises ShutOut, FacesChanged or Unsettled once the stream has to end."""
        await asyncio.shield(self._end)

    def settle(self, principal: Principal | None, owners: Mapping[str, Ownership]) -> None:
        """From any thread."""
        try:
            self.principal = self.terms.require(principal, owners)
        except (ShutOut, FacesChanged) as reason:
            self.end(reason)

    def end(self, reason: Exception) -> None:
        """From any thread. The first reason counts."""
        if not self._loop.is_closed():
            self._loop.call_soon_threadsafe(self._finish, reason)

    def _finish(self, reason: Exception) -> None:
        if not self._end.done():
            self._end.set_exception(reason)
            self._end.exception()  # a stream that ends by itself at this moment asks for it no more


class Admission:
    """Of one process. While the database is away everybody keeps what they had."""

    def __init__(
        self, engine: Engine, settings: ApiSettings, clock: Clock, every_s: float = EVERY_S
    ) -> None:
        self._engine, self._settings, self._clock = engine, settings, clock
        self._every_s = every_s
        self._stays: set[Stay] = set()
        self._lock = threading.Lock()
        self._stopping = threading.Event()
        self._thread: threading.Thread | None = None

    @contextmanager
    def stay(self, shown: Credentials, principal: Principal, terms: Terms) -> Iterator[Stay]:
        """In an event loop: who was let in for these terms is asked for until this ends."""
        stay = Stay(shown, terms, principal)
        with self._lock:
            self._stays.add(stay)
            if self._thread is None and not self._stopping.is_set():
                self._thread = threading.Thread(target=self._run, name="admission", daemon=True)
                self._thread.start()
        try:
            yield stay
        finally:
            with self._lock:
                self._stays.discard(stay)

    def stop(self) -> None:
        self._stopping.set()
        with self._lock:
            thread = self._thread
        if thread is not None:
            thread.join()

    def settle(self) -> None:
        """Ask once for all who are there. Raises SQLAlchemy's errors, TransientError."""
        with self._lock:
            stays = list(self._stays)
        if not stays:
            return
        principals = self._principals({stay.shown for stay in stays})
        owners = self._owners({name for stay in stays for name in stay.terms.source_ids})
        for stay in stays:
            stay.settle(principals.get(stay.shown), owners)

    def _run(self) -> None:
        while not self._stopping.wait(self._every_s):
            try:
                self.settle()
            except (OperationalError, InterfaceError, TransientError) as error:
                log.warning("nobody can be asked for", error=str(error))
            except Exception:
                # whoever might have been shut out may not go on unasked
                log.exception("streams end: who has them could not be found out")
                self._end_all()

    def _end_all(self) -> None:
        with self._lock:
            stays = list(self._stays)
        for stay in stays:
            stay.end(Unsettled())

    def _principals(self, shown: Collection[Credentials]) -> dict[Credentials, Principal]:
        now, found = self._clock.now(), dict[Credentials, Principal]()
        for some in _parts(shown):
            found |= identity.principals_of(self._engine, self._settings, some, now)
        return found

    def _owners(self, source_ids: Collection[str]) -> dict[str, Ownership]:
        found: dict[str, Ownership] = {}
        if source_ids:
            with self._engine.connect() as connection:
                for some in _parts(source_ids):
                    found |= owners_of(connection, some)
        return found


def _parts(items: Iterable[Item]) -> Iterator[list[Item]]:
    iterator = iter(items)
    while part := list(islice(iterator, AT_ONCE)):
        yield part
