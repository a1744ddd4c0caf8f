"""Five hundred cameras through join, judging and episodes, with everything that befalls cameras and
workers: gaps, deaths, clocks that step back and forth, footage that waits while Kafka is away and
comes late, and workers that are killed at any record.

What holds at every moment is safety (every clip judged once in effect, holds and memory bounded);
what holds in the end is progress (every clip judged, every episode closed).
"""

import random
from collections import Counter
from dataclasses import dataclass, field
from datetime import timedelta
from typing import Any
from uuid import UUID

import pytest

from schemas.alerts import AlertClosed, AlertOpened
from schemas.clips import ClipRecorded
from schemas.scores import ClipScored
from services.scoring.judging.detector import Detector
from tests.builders import ORIGIN, SPEC, clip, source
from tests.checkpoints import mean_head
from tests.unit.chain.line import Line

CAMERAS = 500
ROUNDS = 48
HOP = timedelta(seconds=SPEC.hop_s)


@dataclass
class Camera:
    """One camera as its worker cuts it; `origin_at` changes when its clock is stepped far."""

    source_id: UUID
    chance: random.Random
    first_round: int
    last_round: int
    origin_at: Any = ORIGIN
    offset_s: float = 0.0
    index: int = 0
    silent_until: int = 0
    fight_until: int = 0
    away_until: int = 0
    waiting: list[ClipRecorded] = field(default_factory=list)
    """What it cut while Kafka was away."""
    steps: Counter[str] = field(default_factory=Counter)

    def give(self, number: int) -> list[ClipRecorded]:
        """What it publishes in a round: first its clip, then the oldest that waited."""
        given = []
        if (cut := self.cut(number)) is not None:
            (self.waiting if number < self.away_until else given).append(cut)
        if number >= self.away_until:
            backlog, self.waiting = self.waiting[:3], self.waiting[3:]
            given += [late.model_copy(update={"is_late": True}) for late in backlog]
        return given

    def deliver_what_waits(self, line: Line) -> None:
        """The night is over, and Kafka is there."""
        self.away_until = 0
        while self.waiting:
            for given in self.give(ROUNDS):
                line.record(given)

    def cut(self, number: int) -> ClipRecorded | None:
        """Its clip of a round, if it gives one."""
        self.index += 1
        if not self.first_round <= number < self.last_round:
            return None
        self._be_unlucky(number)
        if number < self.silent_until:
            return None
        if self.chance.random() < 0.05:
            self.fight_until = number + 6
        return clip(
            self.index,
            self.source_id,
            source_kind="camera",
            origin_at=self.origin_at,
            cut_at=ORIGIN + number * HOP,
            frames=(b"fight" if number < self.fight_until else b"quiet",),
        )

    def _be_unlucky(self, number: int) -> None:
        event = self.chance.random()
        if event < 0.02:  # an outage, of the camera or of its worker
            self.silent_until = number + self.chance.randint(1, 8)
            self.steps["outage"] += 1
        elif event < 0.025:  # its clock is set: another life, earlier or later than the one before
            self.origin_at += timedelta(seconds=self.chance.uniform(-7200, 7200))
            self.index = self.chance.randint(0, 3)
            self.steps["clock"] += 1
        elif event < 0.04:  # its way to Kafka is cut; it waits at least for what it has
            self.away_until = number + self.chance.randint(1, 12)
            self.steps["away"] += 1


def cameras(chance: random.Random) -> list[Camera]:
    """Some are there from the start, some come later, some die for ever."""
    return [
        Camera(
            source(number),
            random.Random(chance.random()),
            first_round=chance.choice([0, 0, 0, chance.randint(1, ROUNDS // 2)]),
            last_round=chance.choice([ROUNDS, ROUNDS, chance.randint(ROUNDS // 2, ROUNDS)]),
        )
        for number in range(CAMERAS)
    ]


@pytest.fixture(scope="module")
def played() -> tuple[Line, list[Camera]]:
    """A night of it. The head takes three windows, so that judging has something to hold."""
    chance = random.Random(8)
    line, crowd = Line(Detector((mean_head(3),)), chance), cameras(chance)
    for number in range(ROUNDS):
        chance.shuffle(crowd)
        for camera in crowd:
            for given in camera.give(number):
                line.record(given)
        line.play(ORIGIN + number * HOP)
        if number % 5 == 4:
            line.kill_one()
    for camera in crowd:
        camera.deliver_what_waits(line)
    for seconds in range(0, 1600, 5):  # nothing comes any more
        line.play(ORIGIN + ROUNDS * HOP + timedelta(seconds=seconds))
    return line, crowd


def test_cameras_had_all_kinds_of_bad_luck(played: tuple[Line, list[Camera]]) -> None:
    line, crowd = played
    seen = sum((camera.steps for camera in crowd), Counter[str]())
    assert seen["outage"] > 100
    assert seen["clock"] > 20
    assert seen["away"] > 100
    assert sum(one.is_late for one in line.recorded) > 500
    assert line.kills == ROUNDS // 5


def test_every_clip_is_scored_and_never_twice_differently(
    played: tuple[Line, list[Camera]],
) -> None:
    line, _ = played
    scores: dict[tuple[UUID, Any, int], tuple[float, ...]] = {}
    for scored in line.out(ClipScored):
        for ref in scored.clips:
            place = (scored.source_id, scored.origin_at, ref.index)
            values = tuple(head.score for head in scored.heads)
            assert scores.setdefault(place, values) == values
    recorded = [(one.source_id, one.origin_at, one.index) for one in line.recorded]
    assert set(scores) == set(recorded)


def test_no_worker_was_ever_further_behind_than_a_few_records_a_camera(
    played: tuple[Line, list[Camera]],
) -> None:
    line, _ = played
    assert max(line.lags["features"]) <= 16 * CAMERAS
    assert max(line.lags["judging"]) <= 16 * CAMERAS
    assert line.lags["features"][-1] == line.lags["judging"][-1] == 0


def test_nothing_is_kept_of_cameras_that_are_gone(played: tuple[Line, list[Camera]]) -> None:
    line, _ = played
    assert line.peak_sources <= 2 * CAMERAS
    assert line.sources_kept == 0


def test_every_episode_that_opened_has_closed_once(played: tuple[Line, list[Camera]]) -> None:
    line, _ = played
    opened = Counter(alert.alert_id for alert in line.out(AlertOpened))
    closed = Counter(alert.alert_id for alert in line.out(AlertClosed))
    assert len(opened) > CAMERAS / 2
    assert opened.keys() == closed.keys()
    reasons = {alert.reason for alert in line.out(AlertClosed)}
    assert {"subsided", "new_life", "source_silent"} <= reasons
    assert any(alert.is_late for alert in line.out(AlertOpened))
