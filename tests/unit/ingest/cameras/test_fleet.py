"""Processes of cameras: kept alive whatever they do, ended when asked, none disturbed by another.

The programs are small ones of the same protocol; the real one is tested with real cameras.
"""

import os
import select
import signal
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from threading import Event
from typing import Any, BinaryIO

import pytest

from schemas.health import SourceHealth
from schemas.sources import SourceConfigured
from schemas.topics import SOURCES
from services.chassis.clock import SystemClock
from services.chassis.streaming.records import Incoming, Partition, Record
from services.ingest.cameras.fleet import Fleet
from services.ingest.cameras.forking import Program
from services.ingest.cameras.handler import CameraHandler
from services.ingest.cameras.life import memories_in
from services.ingest.cameras.runner import Runner, is_same
from services.ingest.cameras.wire import (
    Heartbeat,
    camera_line,
    camera_of,
    heartbeat_line,
    heartbeat_of,
)
from tests.builders import ORIGIN, source
from tests.waiting import wait_until


def well(commands: BinaryIO, beats: BinaryIO) -> None:
    commands.readline()
    while not select.select([commands], [], [], 0.1)[0]:
        beats.write(heartbeat_line(Heartbeat(frames=1)))


def crashes(commands: BinaryIO, _: BinaryIO) -> None:
    commands.readline()
    sys.exit(3)


def floods(_: BinaryIO, beats: BinaryIO) -> None:
    while True:
        beats.write(b"x" * 100_000)


def configured(number: int = 0, **more: Any) -> SourceConfigured:
    fields: dict[str, Any] = {
        "source_id": source(number),
        "source_kind": "camera",
        "name": f"camera {number}",
        "origin_at": ORIGIN,
        "address": "rtsp://127.0.0.1/front",
        "configured_at": ORIGIN,
        **more,
    }
    return SourceConfigured(**fields)


@contextmanager
def fleet_of(*programs: Program) -> Iterator[tuple[Fleet, list[Runner]]]:
    """A fleet whose cameras run these programs, in the order in which they are added."""
    runners: list[Runner] = []

    def new_runner() -> Runner:
        program = programs[min(len(runners), len(programs) - 1)]
        runners.append(Runner(SystemClock(), program, end_s=1.0))
        return runners[-1]

    fleet = Fleet(SystemClock(), new_runner)
    fleet.start()
    try:
        yield fleet, runners
    finally:
        fleet.stop()


HERE, THERE = Partition(SOURCES.name, 0), Partition(SOURCES.name, 1)


def beats(runner: Runner) -> bool:
    return runner.latest == Heartbeat(frames=1)


def test_what_crashes_and_floods_is_started_again_and_disturbs_nobody() -> None:
    with fleet_of(well, crashes, floods) as (fleet, runners):
        for number in range(3):
            fleet.watch(configured(number), HERE)
        wait_until(lambda: beats(runners[0]) and runners[1].starts >= 3)
        assert runners[0].starts == 1
        fleet.leave(source(2))
        wait_until(lambda: set(fleet.pids()) <= {source(0), source(1)})


def test_a_process_that_is_killed_is_started_again() -> None:
    with fleet_of(well) as (fleet, runners):
        fleet.watch(configured(), HERE)
        wait_until(lambda: beats(runners[0]))
        os.kill(fleet.pids()[source(0)], signal.SIGKILL)
        wait_until(lambda: runners[0].starts == 2 and beats(runners[0]))


def test_only_what_changed_is_started_anew() -> None:
    with fleet_of(well) as (fleet, runners):
        for number in range(3):
            fleet.watch(configured(number), HERE)
        wait_until(lambda: all(map(beats, runners)))
        fleet.watch(configured(0, name="another name"), HERE)
        fleet.watch(configured(1, address="rtsp://127.0.0.1/back"), HERE)
        wait_until(lambda: runners[1].starts == 2 and beats(runners[1]))
        assert (runners[0].starts, runners[2].starts) == (1, 1)


def test_when_a_partition_is_released_none_of_its_processes_is_left() -> None:
    with fleet_of(well) as (fleet, runners):
        fleet.watch(configured(0), HERE)
        fleet.watch(configured(1), THERE)
        wait_until(lambda: all(map(beats, runners)))
        pid = fleet.pids()[source(0)]
        fleet.release([HERE])
        assert set(fleet.pids()) == {source(1)}
        with pytest.raises(ProcessLookupError):
            os.kill(pid, 0)


def test_a_camera_that_is_wanted_again_at_once_is_watched_again() -> None:
    with fleet_of(well) as (fleet, runners):
        fleet.watch(configured(), HERE)
        wait_until(lambda: beats(runners[0]))
        fleet.leave(source(0))
        fleet.watch(configured(), HERE)
        wait_until(lambda: runners[-1].starts + len(runners) > 2 and beats(runners[-1]))


def record(handler: CameraHandler) -> Callable[..., None]:
    offset = iter(range(1, 1000))

    def read(number: int, message: SourceConfigured | None, partition: int = 0) -> None:
        at = Record(Partition(SOURCES.name, partition), next(offset), source(number).bytes, None)
        key = str(source(number)).encode()
        incoming = Incoming(Record(at.partition, at.offset, key, None), message)
        assert not list(handler.handle([incoming], Event()))

    return read


def test_a_camera_whose_process_keeps_ending_is_offline_once(tmp_path: Path) -> None:
    with fleet_of(crashes) as (fleet, _):
        handler = CameraHandler(fleet, memories_in(tmp_path), SystemClock())
        record(handler)(0, configured(0))
        wait_until(fleet.failing)
        (outgoing,) = handler.tick(ORIGIN)
        handler.settle()
        again = list(handler.tick(ORIGIN))
        assert isinstance(outgoing.message, SourceHealth)
        assert (outgoing.message.condition, outgoing.message.is_over) == ("offline", False)
        assert again == []
        assert memories_in(tmp_path)(configured(0)).read(configured(0)).offline_since is not None


def test_who_is_watched_is_what_the_topic_says(tmp_path: Path) -> None:
    with fleet_of(well) as (fleet, _):
        handler = CameraHandler(fleet, memories_in(tmp_path), SystemClock())
        read = record(handler)
        read(0, configured(0))
        read(1, configured(1), partition=2)
        read(2, configured(2, source_kind="upload", address=None))
        read(3, configured(3, is_paused=True))
        wait_until(lambda: set(fleet.pids()) == {source(0), source(1)})
        assert handler.held() == {HERE: 1, Partition(SOURCES.name, 2): 2}
        read(0, configured(0, is_paused=True))
        read(1, None, partition=2)
        wait_until(lambda: not fleet.pids())


def test_lines_between_worker_and_process() -> None:
    assert camera_of(camera_line(configured())) == configured()
    with pytest.raises(ValueError, match="msgpack"):
        camera_of(b"bm90IGEgY2FtZXJh\n")
    assert heartbeat_of(b"[1") is None
    assert heartbeat_of(b'{"unknown": 1}') is None
    assert is_same(configured(), configured(name="x"))
    assert not is_same(configured(), None)
