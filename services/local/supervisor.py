"""The supervisor: Kafka and the store first, then topics and tables, then the services.

One supervisor holds one state folder. Everything it starts dies with it, however it dies.
"""

import asyncio
import os
import signal
from collections.abc import Callable, Coroutine, Sequence
from dataclasses import replace
from typing import Any

from services.local import LocalRuntimeError
from services.local.addresses import addresses
from services.local.config import LocalSettings
from services.local.journal import OURS, Journal
from services.local.plan import Parts, Plan, assemble
from services.local.process import ProcessPlan, SupervisedProcess
from services.local.state import RunRecord, hold, kill_leftovers, start_time, write_run
from services.local.upkeep import keep_up

SHORT_LIVES_OF_A_SERVER = 3


Greet = Callable[[], str | None]
"""What to say once all is ready, if anything; may take a while."""


def supervise(
    settings: LocalSettings, parts: Parts, journal: Journal, greet: Greet = lambda: None
) -> None:
    """Hold the folder, clear up after a supervisor that died, run until told to stop.

    Raises LocalRuntimeError, after stopping what had started, when the stack cannot come up.
    """
    with hold(settings.state):
        for name in kill_leftovers(settings.state):
            journal.write(OURS, f"killed {name}, left behind by the last run")
        record = new_record(settings)
        write_run(settings.state, record)
        try:
            plan = assemble(settings, parts, lambda line: journal.write(OURS, line))
            asyncio.run(Supervisor(plan, journal, record, greet).run())
        except LocalRuntimeError as error:
            write_run(settings.state, replace(record, phase="failed", message=str(error)))
            raise


def new_record(settings: LocalSettings) -> RunRecord:
    return RunRecord(
        pid=os.getpid(),
        started_s=start_time(os.getpid()) or 0.0,
        phase="starting",
        message="",
        processes=(),
        addresses=addresses(settings),
    )


class Supervisor:
    """Runs a plan until SIGTERM, SIGINT or SIGHUP."""

    def __init__(
        self, plan: Plan, journal: Journal, record: RunRecord, greet: Greet = lambda: None
    ) -> None:
        self._plan, self._journal, self._record, self._greet = plan, journal, record, greet
        self._servers: list[SupervisedProcess] = []
        self._services: list[SupervisedProcess] = []
        self._told_to_stop = asyncio.Event()

    async def run(self) -> None:
        """Start all, wait for the signal, stop all in order."""
        loop = asyncio.get_running_loop()
        for number in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
            loop.add_signal_handler(number, self._told_to_stop.set)
        try:
            if await self._unless_told_to_stop(self._start()):
                self._enter("ready")
                self._say(f"ready{self._dashboard()}")
                if greeting := await asyncio.to_thread(self._greet):
                    self._say(greeting)
                upkeep = asyncio.create_task(keep_up(self._plan.upkeep))
                await self._told_to_stop.wait()
                upkeep.cancel()
        finally:
            await self._stop()

    async def _unless_told_to_stop(self, work: Coroutine[Any, Any, None]) -> bool:
        """Do the work, or leave it at the signal; whether it was done."""
        task = asyncio.create_task(work)
        told = asyncio.create_task(self._told_to_stop.wait())
        await asyncio.wait((task, told), return_when=asyncio.FIRST_COMPLETED)
        if not task.done():
            task.cancel()
            await asyncio.wait((task,))
            return False
        told.cancel()
        task.result()
        return True

    async def _start(self) -> None:
        self._servers = self._launch(self._plan.servers)
        await asyncio.gather(*(self._until_ready(server) for server in self._servers))
        for title, step in self._plan.steps:
            for line in await asyncio.to_thread(step):
                self._journal.write(title, line)
        self._services = self._launch(self._plan.services)
        await asyncio.gather(*(self._until_served(service) for service in self._services))

    def _launch(self, plans: Sequence[ProcessPlan]) -> list[SupervisedProcess]:
        launched = [SupervisedProcess(plan, self._journal, self._changed) for plan in plans]
        for process in launched:
            process.start()
        return launched

    async def _until_ready(self, server: SupervisedProcess) -> None:
        """Wait for a server that all need; one that dies early again and again never comes."""
        while not server.ready.is_set():
            if server.short_lives >= SHORT_LIVES_OF_A_SERVER:
                raise LocalRuntimeError(
                    f"{server.plan.name} does not start; its last words are in {self._plan.log}"
                )
            await asyncio.sleep(0.05)

    async def _until_served(self, service: SupervisedProcess) -> None:
        """Wait for a service, which may take its time; one that refuses its settings never comes.

        Raises LocalRuntimeError with what it said.
        """
        while not service.ready.is_set():
            if service.refusal:
                raise LocalRuntimeError(f"{service.plan.name}: {service.refusal}")
            await asyncio.sleep(0.05)

    async def _stop(self) -> None:
        """The services together, then the servers one by one, the store last."""
        self._enter("stopping")
        self._say("stopping")
        await asyncio.gather(*(one.stop() for one in self._services))
        for server in self._servers:
            await server.stop()
        self._enter("stopped")
        self._say("stopped")

    def _changed(self) -> None:
        processes = tuple(one.record() for one in (*self._servers, *self._services))
        self._record = replace(self._record, processes=processes)
        try:
            write_run(self._plan.home, self._record)
        except OSError as error:  # a full disk must not end what runs; `status` is late by a while
            self._journal.write(OURS, f"run.json cannot be written: {error}")

    def _enter(self, phase: str) -> None:
        self._record = replace(self._record, phase=phase)
        self._changed()

    def _dashboard(self) -> str:
        return f": the dashboard is on {self._plan.addresses['api']}" if self._services else ""

    def _say(self, line: str) -> None:
        self._journal.write(OURS, line)
