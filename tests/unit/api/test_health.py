"""What stands behind the API, and what is told of it."""

import asyncio
import shutil
import threading
from pathlib import Path

import httpx
import pytest
from anyio import to_thread

from services.api.app import build
from services.api.disk import Disk, State
from services.api.health import STALE_S, Health
from services.chassis.clock import ManualClock
from tests.unit.api.conftest import BASE, Api


def test_what_was_not_looked_at_does_not_work() -> None:
    health = Health({"database": lambda: State(True)}, ManualClock())
    assert not health()["database"].works
    health.look()
    assert health()["database"] == State(True)


def test_a_look_that_hangs_is_a_failure_and_holds_up_nothing_else() -> None:
    clock, going_on, seen = ManualClock(), threading.Event(), threading.Event()
    looks = iter([State(True)])

    def hanging() -> State:
        first = next(looks, None)
        if first is None:
            going_on.wait()
        return first or State(True)

    def store() -> State:
        seen.set()
        return State(True)

    health = Health({"database": hanging, "object store": store}, clock)
    health.look()
    health.start()
    assert seen.wait(10)
    clock.wait(STALE_S + 1, threading.Event())
    assert health()["database"] == State(False, "does not answer")
    going_on.set()
    health.stop()


def test_a_disk_is_full_before_it_is(tmp_path: Path) -> None:
    free = shutil.disk_usage(tmp_path).free
    assert Disk(tmp_path, 0).look().works
    full = Disk(tmp_path / "not" / "there" / "yet", 2 * free).look()
    assert (full.works, full.fault.startswith("The disk of the object store is full")) == (
        False,
        True,
    )


@pytest.mark.parametrize("size", [0, 90_000_000])
def test_a_full_disk_is_told_with_what_was_wanted(tmp_path: Path, size: int) -> None:
    sentence = Disk(tmp_path, 0).sentence(size)
    assert ("the file has 90 MB" in sentence) == bool(size)


def test_health_is_told_while_every_thread_is_taken(api: Api) -> None:
    async def ask() -> int:
        limiter = to_thread.current_default_thread_limiter()
        taken = [object() for _ in range(int(limiter.total_tokens))]
        for borrower in taken:
            limiter.acquire_on_behalf_of_nowait(borrower)
        transport = httpx.ASGITransport(app=build(api.tools))
        async with httpx.AsyncClient(transport=transport, base_url=BASE) as client:
            answer = await asyncio.wait_for(client.get("/healthz"), 10)
        for borrower in taken:
            limiter.release_on_behalf_of(borrower)
        return answer.status_code

    assert asyncio.run(ask()) == 200
