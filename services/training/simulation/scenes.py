"""A camera's days, drawn from scored footage: visits, and events among them. Seeded.

Footage is minutes and a simulation is weeks, so a stretch is drawn again and again. Each draw is
shifted on the raw scale, by how a camera sees things and by chance, or a day would repeat the day
before; how far is an assumption, and said with the figures.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import NamedTuple

import numpy as np
from numpy.random import Generator
from numpy.typing import NDArray

from schemas.policies import PersistenceRule
from services.rules.budget import BLOCK_S, DAY_S
from services.rules.persistence import Moment, opening_level
from services.scoring.calibration import Calibration

Raw = NDArray[np.float64]
"""The score of each clip of a video."""


class Seen(NamedTuple):
    """A visit: when it was, in seconds from the first day, and how high the model scored it."""

    at_s: float
    level: float
    """The highest mark at which it would have raised an alarm."""
    peak: float
    is_event: bool


@dataclass(frozen=True)
class Footage:
    """What is drawn from: videos of nothing, and of events."""

    normal: Sequence[Raw]
    events: Sequence[Raw]
    calibration: Calibration
    rule: PersistenceRule


@dataclass(frozen=True)
class Course:
    """What happens at a camera. Days count from 0."""

    name: str
    events_a_day: float = 1.0
    first_day_events: int = 0
    provoked_days: range = range(0)
    """On these somebody provokes alarms."""
    provoked_a_day: int = 0
    turned_on: int = -1
    """From this day on another scene is seen."""


COURSES = (
    Course("ordinary days"),
    Course("a first day full of events", first_day_events=60),
    Course("ten days of provoked alarms", provoked_days=range(7, 17), provoked_a_day=40),
    Course("turned to another scene", turned_on=14),
)
NORMAL, EVENT, PROVOKED = range(3)
"""What a visit is. What is provoked looks like an event, and is none."""
LONGEST_CLIPS = 28
"""Of a visit: half a minute."""


@dataclass(frozen=True)
class Chances:
    """How busy a store is, and how far scores of the same footage differ."""

    visits_a_day: float = 150.0
    camera_shift: float = 0.5
    visit_shift: float = 0.5
    """Deviations of a camera and of a visit, as shares of that of the normal scores."""


def visits(
    footage: Footage, course: Course, days: int, chances: Chances, draw: Generator
) -> Iterator[list[Seen]]:
    """The visits of each day of one camera, in order."""
    spread = float(np.std(np.concatenate(footage.normal)))
    scene, turned = (_scene(footage, chances.camera_shift * spread, draw) for _ in range(2))
    for day in range(days):
        where = turned if 0 <= course.turned_on <= day else scene
        provoked = course.provoked_a_day if day in course.provoked_days else 0
        events = draw.poisson(course.events_a_day) + (course.first_day_events if day == 0 else 0)
        counts = [draw.poisson(chances.visits_a_day), events, provoked]
        kinds = np.repeat([NORMAL, EVENT, PROVOKED], counts)
        draw.shuffle(kinds)
        times = np.sort(draw.uniform(day * DAY_S, (day + 1) * DAY_S, len(kinds)))
        shifts = draw.normal(where.shift, chances.visit_shift * spread, len(kinds))
        yield [
            _seen(
                footage,
                float(at_s),
                _stretch(where.videos if kind == NORMAL else footage.events, draw) + shift,
                bool(kind == EVENT),
            )
            for at_s, kind, shift in zip(times, kinds, shifts, strict=True)
        ]


def quiet_blocks(day: int) -> Iterator[float]:
    """The beginnings of a day's blocks, at each of which an empty room is seen."""
    return (day * DAY_S + block * BLOCK_S for block in range(DAY_S // BLOCK_S))


class _Scene(NamedTuple):
    videos: Sequence[Raw]
    shift: float


def _scene(footage: Footage, deviation: float, draw: Generator) -> _Scene:
    """What one camera sees: some of the footage, a little higher or lower than others see it."""
    count = max(1, len(footage.normal) // 4)
    chosen = draw.choice(len(footage.normal), count, replace=False)
    return _Scene([footage.normal[n] for n in chosen], float(draw.normal(0, deviation)))


def _stretch(videos: Sequence[Raw], draw: Generator) -> Raw:
    """Half a minute of one of them; all that is shorter whole."""
    lengths = np.array([min(len(raw), 10 * LONGEST_CLIPS) for raw in videos], np.float64)
    raw = videos[draw.choice(len(videos), p=lengths / lengths.sum())]
    first = int(draw.integers(0, max(1, len(raw) - LONGEST_CLIPS)))
    return raw[first : first + LONGEST_CLIPS]


def _seen(footage: Footage, at_s: float, raw: Raw, is_event: bool) -> Seen:
    knots = footage.calibration
    values = np.interp(raw, knots.raw, knots.calibrated)
    moments = [Moment(n, n, n + 1, float(value)) for n, value in enumerate(values)]
    n = footage.rule.n
    levels = (
        opening_level(footage.rule, moments[max(0, last - n + 1) : last + 1])
        for last in range(len(moments))
    )
    return Seen(at_s, max(levels), float(values.max()), is_event)
