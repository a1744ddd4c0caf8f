"""A replay worker: what it begins, kills, passes on and says, over children that seem to work."""

import os
import subprocess
import sys
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from schemas.replays import ReplayProgressed, ReplayRequested
from schemas.topics import REPLAY_PROGRESS, REPLAYS
from services.chassis.service import AWAY
from services.chassis.storage.objects import MemoryObjects
from services.chassis.streaming.memory import MemoryBroker
from services.scoring.replay.checkpoint import Checkpoint, Plan, Records, digest_of
from services.scoring.replay.children import Ended
from services.scoring.replay.config import ReplaySettings
from services.scoring.replay.job import EMPTY, GONE, UNFIT, UNUSABLE
from services.scoring.replay.log import Span
from services.scoring.replay.worker import Worker
from tests.builders import ORIGIN, source
from tests.unit.scoring.replay.jobs import request
from tests.unit.scoring.replay.memory import put
from tests.waiting import wait_until


@dataclass
class FakeChild:
    """Works until it is told how it ends."""

    request: ReplayRequested
    end: Ended | None = None
    is_killed: bool = False

    def ended(self) -> Ended | None:
        return self.end

    def kill(self) -> None:
        self.is_killed = True


@dataclass
class Site:
    """A broker, a store, and all children that workers had."""

    broker: MemoryBroker = field(default_factory=lambda: MemoryBroker([REPLAYS, REPLAY_PROGRESS]))
    store: MemoryObjects = field(default_factory=MemoryObjects)
    children: list[FakeChild] = field(default_factory=list)

    def spawn(self, asked: ReplayRequested) -> FakeChild:
        self.children.append(FakeChild(asked))
        return self.children[-1]

    @contextmanager
    def worker(self, at_once: int = 2) -> Iterator[Worker]:
        worker = Worker(self.broker, self.store, self.spawn, at_once)
        thread = threading.Thread(target=worker.run)
        thread.start()
        try:
            yield worker
        finally:
            worker.stop()
            thread.join()

    def ask(self, **more: Any) -> ReplayRequested:
        asked = request(**more)
        put(self.broker, REPLAYS, [asked])
        return asked

    def finish(self, child: FakeChild, state: Any = "done") -> None:
        """As a job does: its outcome lies in the store before it is gone."""
        progress = ReplayProgressed(run=child.request.run, state=state, progressed_at=ORIGIN)
        Records(self.store, child.request.run).save_outcome(child.request, progress)
        child.end = Ended(0)

    def at_work(self) -> list[str]:
        return [one.request.run for one in self.children if not one.is_killed and one.end is None]

    def told(self) -> list[tuple[str, str]]:
        found = self.broker.messages(REPLAY_PROGRESS)
        return [(one.run, one.state) for one in found if isinstance(one, ReplayProgressed)]


@pytest.fixture
def site() -> Site:
    return Site()


def wait(holds: Callable[[], bool]) -> None:
    wait_until(holds)


def test_what_is_asked_for_begins_and_no_more_than_so_many_at_once(site: Site) -> None:
    with site.worker(at_once=2):
        for run in "abc":
            site.ask(run=run)
        wait(lambda: len(site.children) == 2 and len(site.told()) == 3)
        [waiting] = [run for run, state in site.told() if state == "queued"]
        begun = [run for run, state in site.told() if state == "planning"]
        assert sorted(begun) == sorted(site.at_work())
        site.finish(site.children[0])
        wait(lambda: (waiting, "planning") in site.told() and waiting in site.at_work())
    assert site.at_work() == []
    assert all(one.is_killed for one in site.children)


def test_tenants_take_turns_and_what_one_asked_for_first_goes_first(site: Site) -> None:
    """However much one of them asks for, another's waits for one replay at most."""
    asked = {"a": 0, "b": 3, "c": 1, "d": 2}
    for run, minute in asked.items():
        of = source(98) if run == "b" else source(99)
        site.ask(run=run, tenant_id=of, requested_at=ORIGIN + timedelta(minutes=minute))
    with site.worker(at_once=1):
        for number in range(len(asked)):
            wait(lambda number=number: len(site.children) == number + 1)  # type: ignore[misc]
            site.finish(site.children[-1])
    assert [child.request.run for child in site.children] == ["a", "b", "c", "d"]


class CountedReads(MemoryObjects):
    reads = 0

    def get(self, key: str) -> bytes:
        self.reads += 1
        return super().get(key)


def test_what_waits_costs_the_store_nothing() -> None:
    store = CountedReads()
    site = Site(store=store)
    with site.worker(at_once=1) as worker:
        for number in range(40):
            site.ask(run=f"run-{number}")
        wait(lambda: len(site.told()) == 40)
        before, turns = store.reads, worker.turns
        wait(lambda: worker.turns > turns + 5)
        assert store.reads == before


@pytest.mark.parametrize(("cores", "at_once"), [(1, 1), (2, 1), (3, 1), (8, 4)])
def test_half_the_cores_are_left_to_what_is_live(
    cores: int, at_once: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(os, "sched_getaffinity", lambda _: set(range(cores)))
    assert ReplaySettings().side_by_side == at_once
    assert ReplaySettings(replays_at_once=2).side_by_side == 2


def test_what_has_ended_is_not_begun_again_by_any_worker(site: Site) -> None:
    with site.worker():
        site.ask(run="a")
        wait(lambda: len(site.children) == 1)
        site.finish(site.children[0])
        wait(lambda: ("a", "done") in site.told())
    with site.worker():
        site.ask(run="b")
        wait(lambda: site.at_work() == ["b"])
    assert [one.request.run for one in site.children] == ["a", "b"]


def test_cancelled_it_is_killed_at_once_and_asked_for_anew_it_goes_on(site: Site) -> None:
    with site.worker():
        site.ask(run="a")
        wait(lambda: site.at_work() == ["a"])
        site.ask(run="a", is_cancelled=True)
        wait(lambda: ("a", "cancelled") in site.told())
        assert site.children[0].is_killed
        site.ask(run="a", requested_at=ORIGIN + timedelta(hours=1))
        wait(lambda: site.at_work() == ["a"])


@pytest.mark.parametrize("state", ["cancelled", "failed"])
def test_it_says_how_far_it_came_and_goes_on_from_there(site: Site, state: str) -> None:
    records, counts = Records(site.store, "a"), {"windows": 7, "clips": 14, "refused": 2}
    with site.worker():
        asked = site.ask(run="a")
        wait(lambda: site.at_work() == ["a"])
        records.save_plan(Plan(digest_of(asked), Span({0: 0}, {0: 9}), windows=28))
        records.save_checkpoint(Checkpoint({}, counts, {"alerts": 3, "elapsed_s": 4.5}))
        if state == "cancelled":
            site.ask(run="a", is_cancelled=True)
        else:
            site.children[0].end = Ended(UNUSABLE)
        wait(lambda: ("a", state) in site.told())
        site.ask(run="a", requested_at=ORIGIN + timedelta(hours=1))
        wait(lambda: site.at_work() == ["a"])
    *_, end, again = site.broker.messages(REPLAY_PROGRESS)
    assert isinstance(end, ReplayProgressed)
    assert isinstance(again, ReplayProgressed)
    for told in (end, again):
        assert (told.windows, told.windows_planned, told.clips, told.refused) == (7, 28, 14, 2)
        assert (told.alerts, told.elapsed_s) == (3, 4.5)
    assert (end.state, again.state) == (state, "planning")
    assert records.checkpoint() is not None


def test_whatever_a_worker_s_clock_says_it_tells_of_what_was_asked_for_last(site: Site) -> None:
    """The row takes no news from before it was asked for."""
    tomorrow = datetime.now(UTC) + timedelta(days=1)
    with site.worker():
        site.ask(run="a", requested_at=tomorrow)
        wait(lambda: ("a", "planning") in site.told())
    [told] = site.broker.messages(REPLAY_PROGRESS)
    assert isinstance(told, ReplayProgressed)
    assert told.progressed_at == tomorrow


def test_removed_it_leaves_nothing(site: Site) -> None:
    with site.worker():
        site.ask(run="a")
        wait(lambda: site.at_work() == ["a"])
        site.finish(site.children[0], "failed")
        wait(lambda: ("a", "failed") in site.told())
        assert list(site.store.list("replays/a/"))
        site.broker.append(REPLAYS.name, b"a", None)
        wait(lambda: not list(site.store.list("replays/a/")))


@pytest.mark.parametrize(
    ("code", "begun"), [(UNUSABLE, 1), (EMPTY, 1), (GONE, 1), (UNFIT, 1), (-9, 3)]
)
def test_what_dies_again_and_again_has_failed(site: Site, code: int, begun: int) -> None:
    with site.worker():
        site.ask(run="a")
        for number in range(begun):
            wait(lambda number=number: len(site.children) == number + 1)  # type: ignore[misc]
            site.children[-1].end = Ended(code)
        wait(lambda: ("a", "failed") in site.told())
    assert len(site.children) == begun


def test_while_a_server_is_away_it_has_not_failed(site: Site) -> None:
    with site.worker():
        site.ask(run="a")
        wait(lambda: len(site.children) == 1)
        site.children[0].end = Ended(AWAY)
        wait(lambda: len(site.children) == 2)
    assert site.told() == 2 * [("a", "planning")]


def test_recordings_wait_until_they_are_embedded(site: Site) -> None:
    with site.worker():
        site.ask(run="a", input="recordings")
        site.ask(run="b")
        wait(lambda: site.at_work() == ["b"])
        site.ask(run="a", input="recordings", extracted_at=ORIGIN)
        wait(lambda: sorted(site.at_work()) == ["a", "b"])


def test_two_workers_share_and_one_takes_over(site: Site) -> None:
    with site.worker(at_once=8):
        with site.worker(at_once=8):
            for number in range(8):
                site.ask(run=str(number), sources=(source(number),))
            wait(lambda: sorted(site.at_work()) == sorted(map(str, range(8))))
        wait(lambda: sorted(site.at_work()) == sorted(map(str, range(8))))


def test_the_worker_at_rest_has_loaded_no_network() -> None:
    """It waits beside everything else, and each replay is a process of its own."""
    program = "import sys, services.scoring.replay.__main__ as _; sys.exit('torch' in sys.modules)"
    assert subprocess.run([sys.executable, "-c", program], check=False).returncode == 0
