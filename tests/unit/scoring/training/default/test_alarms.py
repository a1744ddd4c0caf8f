"""The rule on held-out scores goes through the core of the stream."""

import numpy as np
import pytest

from services.scoring.core import Rule
from services.scoring.training.default.alarms import Track, alerts, clips, takes
from services.scoring.training.default.embeddings import Row, Table

RULE = Rule(name="fight", label="Fight", high=0.8, low=0.5, k=4, n=6, m=2)


def track(*calibrated: float, last_frames: int = 32) -> Track:
    count = len(calibrated)
    frames = np.array([32] * (count - 1) + [last_frames])
    return Track("v", np.array(calibrated), np.zeros(count, np.int64), frames)


def test_a_window_gives_two_clips_with_its_score() -> None:
    made = list(clips(track(0.1, 0.9, last_frames=10)))
    assert [clip.calibrated for clip in made] == [0.1, 0.1, 0.9]
    assert made[-1].end_s - made[-1].start_s == pytest.approx(10 / 15)
    assert track(0.1, 0.9, last_frames=10).seconds == pytest.approx(42 / 15)


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
    assert len(alerts(track(*scores), RULE)) == expected


def test_an_alert_spans_its_windows() -> None:
    ((start, end),) = alerts(track(0.1, 0.9, 0.9, 0.1, 0.1), RULE)
    assert start == pytest.approx(32 / 15)
    assert end == pytest.approx(96 / 15)


def test_clips_of_one_recording_make_one_take() -> None:
    def row(video: str, index: int) -> Row:
        return Row(video, "calm", "source", "plain", index, 32, 0, np.zeros(2, np.float32))

    rows = [row("b", 0), row("a", 1), row("a", 0)]
    columns = {name: np.array([getattr(one, name) for one in rows]) for name in Row.__slots__}
    table = Table(vectors=columns.pop("vector"), **columns)
    (take,) = takes(table, np.array([0.3, 0.2, 0.1]), ("calm",))
    assert take.calibrated.tolist() == [0.1, 0.2, 0.3]
