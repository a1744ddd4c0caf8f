"""Supervision, on processes that do nothing but live and die."""

import asyncio
import os
import signal
import sys
import time
from collections.abc import Callable, Iterator
from dataclasses import replace
from pathlib import Path

import pytest

from services.local import LocalRuntimeError
from services.local.config import LocalSettings
from services.local.journal import Journal
from services.local.plan import Plan
from services.local.process import ProcessPlan, SupervisedProcess, describe_exit
from services.local.state import read_run
from services.local.supervisor import Supervisor, new_record

pytestmark = pytest.mark.anyio

LIVE = (
    "import signal, sys, time\n"
    "def end(*_): print('bye', flush=True); sys.exit(0)\n"
    "signal.signal(signal.SIGTERM, end); print('hello', flush=True)\n"
    "time.sleep(60)"
)


async def always() -> bool:
    return True


def plan_of(name: str, program: str = LIVE, **options: object) -> ProcessPlan:
    command = (sys.executable, "-I", "-S", "-c", program)
    return ProcessPlan(name=name, command=command, probe=always, address="", **options)


@pytest.fixture
def anyio_backend() -> str:
    return "asyncio"


@pytest.fixture
def journal(tmp_path: Path) -> Iterator[Journal]:
    opened = Journal(tmp_path / "log", console=None)
    yield opened
    opened.close()


def lines(tmp_path: Path) -> list[str]:
    """The log without its times: `name: text`."""
    entries = (line.split(" ", 2)[2] for line in (tmp_path / "log").read_text().splitlines())
    return [": ".join(part.strip() for part in entry.split("|", 1)) for entry in entries]


async def until(holds: Callable[[], object], wait_s: float = 120) -> None:
    async with asyncio.timeout(wait_s):
        while not holds():  # noqa: ASYNC110 -- what is awaited lies in a file
            await asyncio.sleep(0.02)


async def test_a_process_that_dies_is_started_again(tmp_path: Path, journal: Journal) -> None:
    process = SupervisedProcess(plan_of("one"), journal, lambda: None)
    process.start()
    await process.ready.wait()
    first = process.record()
    assert first.pid
    os.kill(first.pid, signal.SIGKILL)
    await until(lambda: process.record().state == "ready" and process.record().restarts == 1)
    assert process.record().pid != first.pid
    await process.stop()
    assert process.record().pid is None
    assert "one: ended by SIGKILL; again in 0.5 s" in lines(tmp_path)


async def test_processes_share_the_session_and_have_groups_of_their_own(journal: Journal) -> None:
    """Between sessions Linux shares the processor whatever `nice` says."""
    process = SupervisedProcess(plan_of("one"), journal, lambda: None)
    process.start()
    await process.ready.wait()
    pid = process.record().pid
    assert pid
    assert os.getsid(pid) == os.getsid(0)
    assert os.getpgid(pid) != os.getpgid(0)
    await process.stop()


async def test_a_process_that_ignores_term_is_killed_after_its_grace(
    tmp_path: Path, journal: Journal
) -> None:
    deaf = (
        "import signal, time; signal.signal(signal.SIGTERM, signal.SIG_IGN)\n"
        "print('deaf', flush=True); time.sleep(60)"
    )
    process = SupervisedProcess(plan_of("deaf", deaf, grace_s=0.3), journal, lambda: None)
    process.start()
    await until(lambda: "deaf: deaf" in lines(tmp_path))
    began = time.monotonic()
    await asyncio.wait_for(process.stop(), 120)
    assert time.monotonic() - began >= 0.3
    assert process.record().state == "stopped"


def supervise_greetings(home: Path) -> None:
    """What the program below does: servers, a step and services that say hello and bye."""

    def greeting(name: str) -> ProcessPlan:
        async def said_hello() -> bool:
            return f"{name}: hello" in lines(home)

        return replace(plan_of(name), probe=said_hello)

    plan = Plan(
        home=home,
        servers=(greeting("kafka"), greeting("store")),
        steps=(("topics", lambda: ["made"]),),
        services=(greeting("api"), greeting("ingest")),
        addresses={"api": "http://127.0.0.1:1"},
    )
    journal = Journal(home / "log", console=None)
    asyncio.run(Supervisor(plan, journal, new_record(LocalSettings(home=home))).run())
    journal.close()


async def test_all_stop_in_order(tmp_path: Path) -> None:
    """In a process of its own, since it is told to stop by a signal."""
    program = (
        "import sys, pathlib; from tests.unit.local import test_supervisor as here;"
        "here.supervise_greetings(pathlib.Path(sys.argv[1]))"
    )
    running = await asyncio.create_subprocess_exec(
        sys.executable, "-c", program, str(tmp_path), cwd=Path(__file__).parents[3]
    )
    await until(lambda: (run := read_run(tmp_path)) and run.phase == "ready")
    running.terminate()
    assert await asyncio.wait_for(running.wait(), 120) == 0

    said = lines(tmp_path)
    assert "local: ready: the dashboard is on http://127.0.0.1:1" in said
    assert said.index("topics: made") > said.index("kafka: hello")
    assert said.index("api: hello") > said.index("topics: made")
    assert max(said.index("api: bye"), said.index("ingest: bye")) < said.index("kafka: bye")
    assert said.index("kafka: bye") < said.index("store: bye")
    assert read_run(tmp_path).phase == "stopped"


async def test_a_server_that_never_comes_up_stops_all_with_a_sentence(
    tmp_path: Path, journal: Journal
) -> None:
    async def never() -> bool:
        return False

    broken = ProcessPlan("kafka", (sys.executable, "-c", "raise SystemExit(3)"), never, "")
    plan = Plan(tmp_path, (broken, plan_of("store")), (), (), {})
    supervisor = Supervisor(plan, journal, new_record(LocalSettings(home=tmp_path)))
    with pytest.raises(LocalRuntimeError, match="kafka does not start; its last words are in"):
        await asyncio.wait_for(supervisor.run(), 120)
    assert all(one.pid is None for one in read_run(tmp_path).processes)


@pytest.mark.parametrize(
    ("code", "said"),
    [(0, "ended with code 0"), (3, "ended with code 3"), (-9, "ended by SIGKILL")],
)
def test_an_end_is_described(code: int, said: str) -> None:
    assert describe_exit(code) == said


async def test_a_service_that_refuses_its_settings_ends_all_with_its_sentence(
    tmp_path: Path, journal: Journal
) -> None:
    async def never() -> bool:
        return False

    refuses = (
        "import sys; print('nightclerk: NIGHTCLERK_HEAD: no such folder.', file=sys.stderr)\n"
        "sys.exit(78)"
    )
    broken = ProcessPlan("judging", (sys.executable, "-c", refuses), never, "")
    plan = Plan(tmp_path, (), (), (broken, plan_of("api")), {"api": ""})
    supervisor = Supervisor(plan, journal, new_record(LocalSettings(home=tmp_path)))
    with pytest.raises(LocalRuntimeError, match=r"^judging: NIGHTCLERK_HEAD: no such folder\.$"):
        await asyncio.wait_for(supervisor.run(), 120)
    assert all(one.pid is None for one in read_run(tmp_path).processes)


async def test_whoever_ends_with_a_sentence_is_recorded_with_it(journal: Journal) -> None:
    async def never() -> bool:
        return False

    away = "import sys; sys.exit('nightclerk: Kafka is away.')"
    process = SupervisedProcess(
        ProcessPlan("ingest", (sys.executable, "-c", away), never, ""), journal, lambda: None
    )
    process.start()
    await until(lambda: process.record().state == "down")
    assert process.record().last_words == "Kafka is away."
    assert process.refusal is None
    await process.stop()
