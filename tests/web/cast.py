"""Who and what there is in the world of tests/web/world.py: stores, cameras, a week of nights."""

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import datetime, timedelta
from functools import cached_property
from typing import Any
from uuid import UUID, uuid5

import numpy as np
from numpy.typing import NDArray

from schemas.clips import ClipSpec, Grid
from schemas.judgements import LIVE
from services.api.scores.blocks import Scores
from services.api.scores.series import Series
from tests.unit.api import detectors
from tests.unit.api.conftest import NOW, Api

FAMILY = UUID("6d0e7f0c-1f6b-4d57-8c55-0b7a1c1f9a21")
TIME_ZONE = "Asia/Seoul"
DAYS = 7
BEGIN = NOW - timedelta(days=DAYS)
NIGHT: dict[str, Any] = {
    "head": "causal_mil",
    "metrics": {"auc": 0.91, "recall_at_budget": 0.54, "held_out": {"events": 11, "auc": 0.88}},
    "data": ("17 marked events and 52 quiet hours of Station Road",),
}
"""What the card of the live detector says; it has one head."""
MODEL = detectors.card(3, **NIGHT).model_id
"""The live detector's name, and its head's."""
HIGH_MARK = 0.6
HARDLY = 0.7
"""Of fights a peak up to it turned out to be none."""
STORES = ("Station Road", "Harbour Market", "University Gate")
CAMERAS = (
    ("Entrance", 0),
    ("Till", 0),
    ("Drinks fridge", 0),
    ("Back room", 0),
    ("Entrance", 1),
    ("Till", 1),
    ("Snack aisle", 1),
    ("Entrance", 2),
    ("Till", 2),
)
OFFLINE, STILL, LOUD = 6, 3, 4
"""Numbers of the cameras that are not as they should be: without a picture, moved, and raising more
than its budget.
"""
RULES = (
    ("fight", "Possible fight", "critical"),
    ("fall", "Possible fall", "warning"),
    ("after-hours", "Person in closed hours", "warning"),
    ("lingering", "Lingering at the till", "info"),
)
JUDGED = ("fight", "fall")
"""The others are of people who are where they should not be: no head looks for them."""


@dataclass(frozen=True)
class Episode:
    """What happened before a camera: `rule` is a number of RULES."""

    camera: int
    at: datetime
    lasts_s: float
    rule: int
    peak: float
    is_open: bool = False
    is_nothing: bool = False
    """A fight to the head, and to nobody else."""

    @property
    def is_true(self) -> bool:
        """By whoever judges it."""
        return self.rule == 0 and self.peak > HARDLY and not self.is_nothing


def episodes() -> Iterator[Episode]:
    """Of the whole week, oldest first but for the last morning's: always the same."""
    chance = np.random.default_rng(7)
    for day in range(DAYS):
        for _ in range(int(chance.integers(4, 8))):
            at = BEGIN + timedelta(days=day, hours=float(chance.uniform(0, 14)))
            rule = int(chance.choice(4, p=[0.2, 0.2, 0.3, 0.3]))
            peak = round(float(chance.uniform(0.62, 0.93)), 2)
            lasts_s = float(chance.uniform(6, 40))
            yield Episode(int(chance.integers(len(CAMERAS))), at, lasts_s, rule, peak)
        # A shelf was put before the loud camera: more and more that is none.
        for number in range(2 * max(0, day - DAYS + 4)):
            at = BEGIN + timedelta(days=day, hours=1.3 + 1.9 * number)
            peak = round(0.66 + 0.085 * (day - 4) + 0.01 * (number % 4), 3)
            yield Episode(LOUD, at, 9.0, 0, peak, is_nothing=True)
    # A brawl that three cameras of a store saw again and again: one incident.
    for number in range(7):
        at = NOW - timedelta(hours=5, minutes=48) + timedelta(seconds=37 * number)
        yield Episode((4, 5, 4, 6, 5, 4, 5)[number], at, 14.0, 0, 0.71 + 0.03 * number)
    yield Episode(1, NOW - timedelta(hours=1, minutes=5), 21.0, 3, 0.66)
    yield Episode(0, NOW - timedelta(minutes=58), 12.0, 1, 0.78)
    yield Episode(7, NOW - timedelta(minutes=4), 19.0, 0, 0.94, is_open=True)


EPISODES = tuple(episodes())


@dataclass(frozen=True)
class WorldCamera:
    """The number decides everything about it."""

    number: int

    @property
    def source_id(self) -> UUID:
        return uuid5(FAMILY, f"camera {self.number}")

    @property
    def name(self) -> str:
        return CAMERAS[self.number][0]

    @property
    def store(self) -> int:
        return CAMERAS[self.number][1]

    @property
    def grid(self) -> Grid:
        return Grid(origin_at=BEGIN, spec=ClipSpec())

    def index(self, moment: datetime) -> int:
        return int((moment - BEGIN).total_seconds() / self.grid.spec.hop_s)

    @cached_property
    def series(self) -> Series:
        return Series(
            source_id=str(self.source_id),
            run=LIVE,
            origin_at=BEGIN,
            spec=ClipSpec(),
            detector=MODEL,
            backbone="i3d_k400",
            head="causal_mil",
            model_id=MODEL,
            rule="fight",
            label="Possible fight",
            high_mark=HIGH_MARK,
        )

    def scores(self, first: int, stop: int) -> Scores:
        """Noise around a level that follows the hours of the day, and its episodes."""
        chance = np.random.default_rng((self.number, first))
        index_N = np.arange(first, stop, dtype=np.int64)
        day_N = self.series.start_s(index_N) / 86_400
        raw_N = -3.1 + 0.5 * np.sin(2 * np.pi * day_N) + chance.normal(0, 0.45, len(index_N))
        for episode in EPISODES:
            raw_N += self.rise(index_N, episode)
        return Scores(index_N, raw_N, 1 / (1 + np.exp(-raw_N)))

    def rise(self, index_N: NDArray[np.int64], episode: Episode) -> NDArray[np.float64] | float:
        """What an episode adds to the raw scores of these clips, which follow one another."""
        middle = self.index(episode.at) + episode.lasts_s / 2 / self.grid.spec.hop_s
        if episode.camera != self.number or not index_N[0] - 200 < middle < index_N[-1] + 200:
            return 0.0
        near_N = np.exp(-(((index_N - middle) / (episode.lasts_s / 2)) ** 2))
        return near_N * (np.log(episode.peak / (1 - episode.peak)) + 3.1)


@contextmanager
def at(api: Api, moment: datetime) -> Iterator[None]:
    """The API takes it for that moment meanwhile."""
    by_s = (moment - api.clock.now()).total_seconds()
    api.clock.step(by_s)
    yield
    api.clock.step(-by_s)
