"""Weeks of cameras made of footage: seeded, fair between ways, and by the stream's own rules."""

import json
from pathlib import Path

import numpy as np
import pytest
import torch
from numpy.typing import NDArray

from schemas.clips import ClipSpec
from services.scoring.calibration import Calibration
from services.scoring.heads.checkpoint import write
from services.training import features
from services.training.simulation.__main__ import main
from services.training.simulation.figures import counts, false_alarms, recall
from services.training.simulation.scenes import COURSES, Chances, Course, Footage, Seen, visits
from services.training.simulation.weeks import Way, live
from tests.checkpoints import RULE, card, cosine

FOOTAGE = Footage(
    normal=[np.linspace(-2, 0.5, 40) + n / 10 for n in range(4)],
    events=[np.full(6, 2.0), np.full(6, 3.0)],
    calibration=Calibration(raw=(-4.0, 4.0), calibrated=(0.0, 1.0)),
    rule=RULE.model_copy(update={"high": 0.6, "low": 0.4}),
)
QUIET = Chances(visits_a_day=5.0)


def drawn(course: Course = COURSES[0], days: int = 5, seed: int = 3) -> list[list[Seen]]:
    return list(visits(FOOTAGE, course, days, QUIET, np.random.default_rng(seed)))


def test_the_same_seed_gives_the_same_weeks() -> None:
    assert drawn() == drawn()
    assert drawn(seed=4) != drawn()


def test_visits_come_in_order_and_on_their_day() -> None:
    for number, day in enumerate(drawn()):
        times = [visit.at_s for visit in day]
        assert times == sorted(times)
        assert all(number * 86_400 <= at_s < (number + 1) * 86_400 for at_s in times)


@pytest.mark.parametrize("course", COURSES, ids=lambda course: course.name)
def test_what_is_provoked_is_no_event(course: Course) -> None:
    days = drawn(course, 9)
    events = [sum(visit.is_event for visit in day) for day in days]
    assert (events[0] > 30) == bool(course.first_day_events)
    assert (len(days[8]) > 30) == bool(course.provoked_a_day)
    assert events[8] < 10


def noisy(days: int) -> list[list[Seen]]:
    """Six visits a day at one level that raise an alarm, and an event far above them."""
    return [
        [
            *(Seen(day * 86_400 + hour * 3600 + 7.0, 0.63, 0.63, False) for hour in range(6)),
            Seen(day * 86_400 + 80_000.0, 0.95, 0.95, True),
        ]
        for day in range(days)
    ]


@pytest.mark.parametrize(
    ("way", "last_day"),
    [
        (Way("as entered"), 6),
        (Way("days", 1.0), 0),
        (Way("verdicts", None, 1.0, 1.0), 0),
        (Way("both", 1.0, 1.0, 1.0), 0),
    ],
    ids=lambda each: each.name if isinstance(each, Way) else "",
)
def test_calibration_silences_what_comes_every_day_and_no_event(way: Way, last_day: int) -> None:
    days = live(noisy(8), FOOTAGE.rule, way, np.random.default_rng(0))
    assert days[-1].false_alarms == last_day
    assert all(day.caught == day.events == 1 for day in days)
    found = counts([days, days])
    assert recall(found) == 1.0
    assert false_alarms(found[:, -1:]) == last_day


def test_the_command_writes_figures_and_a_picture(tmp_path: Path) -> None:
    network = cosine()
    write(tmp_path / "head", network, card(network))
    dim = card(network).dim
    draw = torch.Generator().manual_seed(0)
    for kind in ("normal", "events"):
        for name in ("a", "b"):
            vectors = torch.randn(4, dim, generator=draw).numpy()
            _features(tmp_path / kind / f"{name}.npz", vectors)
    where = tmp_path / "head", [tmp_path / "normal"], [tmp_path / "events"], tmp_path / "out"
    main(*where, cameras=1, visits_a_day=3.0)
    figures = json.loads((tmp_path / "out/simulation.json").read_text())
    assert set(figures["rates"]) == {course.name for course in COURSES}
    assert (tmp_path / "out/simulation.png").read_bytes().startswith(b"\x89PNG")


def _features(path: Path, vectors: NDArray[np.float32]) -> None:
    path.parent.mkdir(exist_ok=True)
    starts = np.arange(len(vectors)) * 2 * ClipSpec().hop_s
    features.write(
        path,
        features=vectors,
        start_s=starts,
        end_s=starts + 2 * ClipSpec().hop_s,
        video=np.array(path.stem),
        backbone=np.array("i3d_k400"),
        window=np.array(2),
        spec=np.array(ClipSpec().model_dump_json()),
    )
