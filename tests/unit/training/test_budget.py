"""Alarms on scores go through the core of the stream; the mark keeps to the budget."""

import numpy as np
import pytest

from schemas.policies import PersistenceRule
from services.training.alarming import by_label, tally
from services.training.budget import MARKS, alarms, high_mark, moments
from services.training.datasets import Labelled, Span
from services.training.datasets.labelled import normal, weak
from services.training.examples import Example
from services.training.watching import Watched
from tests.unit.training.planted import DIM, WINDOW_S, features

RULE = PersistenceRule(name="fight", label="Fight", high=0.8, low=0.5, k=4, n=6, m=2)
QUICK = RULE.model_copy(update={"k": 2, "n": 2})


def watched(*scores: float, labelled: Labelled | None = None) -> Watched:
    seen = features("v.mp4", np.zeros((len(scores), DIM), np.float32))
    return Watched(Example(seen, labelled or normal("v.mp4")), np.array(scores))


def marked(first: int, last: int, label: str = "fight") -> Labelled:
    return Labelled("v.mp4", label, (Span(first * WINDOW_S, last * WINDOW_S, label),), "s")


def test_a_window_gives_its_clips_with_its_score() -> None:
    made = list(moments(watched(0.1, 0.9)))
    assert [one.calibrated for one in made] == [0.1, 0.1, 0.9, 0.9]
    assert [one.clip_index for one in made] == [0, 1, 2, 3]
    assert made[1].start_s == pytest.approx(16 / 15)


@pytest.mark.parametrize(
    ("scores", "expected"),
    [
        ((0.1, 0.9, 0.1, 0.1), 0),
        ((0.1, 0.9, 0.9, 0.1), 1),
        ((0.9, 0.1, 0.9, 0.1), 1),
        ((0.9, 0.1, 0.1, 0.9), 0),
        ((0.9, 0.9, 0.1, 0.1, 0.9, 0.9), 2),
    ],
)
def test_two_windows_in_three_open_an_alert(scores: tuple[float, ...], expected: int) -> None:
    assert len(alarms(watched(*scores), RULE)) == expected


def test_an_alarm_says_what_it_spans_and_when_it_was_known() -> None:
    (found,) = alarms(watched(0.1, 0.9, 0.9, 0.1, 0.1), RULE)
    assert found.start_s == pytest.approx(WINDOW_S)
    assert found.end_s == pytest.approx(3 * WINDOW_S)
    assert found.opened_s == pytest.approx(3 * WINDOW_S)


def test_events_are_counted_with_the_time_until_somebody_knew() -> None:
    told = tally(
        [
            watched(0, 0, 0.9, 0.9, 0, 0, labelled=marked(1, 4)),
            watched(0, 0, 0, 0, 0, 0.9, labelled=marked(0, 2)),
            watched(0.9, 0, 0, 0, labelled=weak("v.mp4", "fall")),
            watched(0, 0.9, 0, 0),
            watched(0, 0, 0, 0),
        ],
        QUICK,
    )
    assert (told["events"], told["events_alarmed"]) == (3, 2)
    assert told["time_to_alert_s"] == pytest.approx(2 * WINDOW_S)
    assert (told["false_alarms"], told["normal_videos_alarmed"]) == (1, 1)
    assert told["normal_hours"] == pytest.approx(8 * WINDOW_S / 3600)
    assert told["false_alarms_per_day"] == pytest.approx(86400 / (8 * WINDOW_S))
    assert told["alarms_beside_events"] == 1


def test_labels_are_told_apart() -> None:
    found = by_label(
        [
            watched(0.9, 0.9, labelled=marked(0, 2, "fall")),
            watched(0, 0, labelled=marked(0, 2, "theft")),
        ],
        QUICK,
    )
    assert found["fall"]["share_alarmed"] == 1.0
    assert found["theft"]["share_alarmed"] == 0.0


@pytest.mark.parametrize(
    ("peaks", "per_day", "mark"),
    [
        ((0.1, 0.3), 1.0, MARKS[0]),
        ((0.83, 0.3), 1.0, 0.835),
        # Two minutes of footage: 700 a day are one alarm in it, 1400 two.
        ((0.95, 0.9), 700.0, 0.905),
        ((0.95, 0.9), 1400.0, MARKS[0]),
        ((1.0, 0.9), 1.0, MARKS[-1]),
    ],
)
def test_the_mark_is_the_lowest_within_the_budget(
    peaks: tuple[float, float], per_day: float, mark: float
) -> None:
    quiet = [watched(*([0.0] * 28), peak) for peak in peaks]
    assert high_mark(quiet, QUICK, per_day) == pytest.approx(mark)
