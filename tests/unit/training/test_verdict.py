"""The figures of an evaluation on cases small enough to count."""

import numpy as np
import pytest

from schemas.policies import PersistenceRule
from services.training.datasets import Labelled, Span
from services.training.datasets.labelled import normal, weak
from services.training.examples import Example
from services.training.position import position_only
from services.training.verdict import judge, without_nan
from services.training.watching import Watched
from tests.unit.training.planted import DIM, WINDOW_S, features, planted

RULE = PersistenceRule(name="fight", label="Fight", high=0.8, low=0.5, k=2, n=2, m=2)


def watched(name: str, scores: list[float], labelled: Labelled | None = None) -> Watched:
    seen = features(name, np.zeros((len(scores), DIM), np.float32))
    return Watched(Example(seen, labelled or normal(name)), np.array(scores))


def fight(name: str, first: int, last: int) -> Labelled:
    return Labelled(name, "fight", (Span(first * WINDOW_S, last * WINDOW_S, "fight"),), name)


CASE = [
    watched("a", [0.1, 0.9, 0.9, 0.3], fight("a", 1, 3)),
    watched("b", [0.2, 0.4, 0.1, 0.1], fight("b", 1, 2)),
    watched("c", [0.3, 0.2, 0.85, 0.1]),
    watched("d", [0.0, 0.1, 0.1, 0.1]),
]


def test_figures_that_can_be_counted() -> None:
    told = judge(CASE, RULE, rounds=50)
    # Three wrong windows (.9 .9 .4) against 13 calm ones, of which one (.85) beats one of them.
    assert told["frame_auc"] == pytest.approx(38 / 39)
    assert told["frame_ap"] == pytest.approx((1 + 1 + 3 / 4) / 3)
    assert told["abnormal_auc"] == pytest.approx(1.0)
    # .9 and .4 against .85 and .1
    assert told["video_auc"] == pytest.approx(3 / 4)
    assert told["frame_accuracy"] == pytest.approx(14 / 16)
    assert told["video_accuracy"] == pytest.approx(2 / 4)
    assert told["normal_mean_max"] == pytest.approx((0.85 + 0.1) / 2)
    assert told["anomalous_mean"] == pytest.approx((2.2 / 4 + 0.8 / 4) / 2)
    assert told["alarms"]["events_alarmed"] == 1
    assert told["alarms"]["false_alarms"] == 1
    low, high = told["frame_auc_95"]
    assert low <= told["frame_auc"] <= high
    assert told["classes"]["fight"]["videos"] == 2


def test_videos_without_times_say_nothing_of_frames() -> None:
    vague = [watched("a", [0.9, 0.9], weak("a", "fall")), watched("b", [0.1, 0.2])]
    told = judge(vague, RULE, rounds=10)
    assert told["frame_auc"] is None
    assert told["video_auc"] == 1.0
    assert told["alarms"]["time_to_alert_s"] is None
    assert told["classes"]["fall"]["events_alarmed"] == 1


def test_nothing_to_judge_is_no_error() -> None:
    told = judge([], RULE, rounds=10)
    assert told["frame_auc"] is None
    assert told["alarms"]["false_alarms_per_day"] is None


def test_one_who_knows_only_the_position_is_found_out() -> None:
    always_late = [planted(k, (9, 12) if k % 2 else None) for k in range(40)]
    assert position_only(always_late)["abnormal_auc"] > 0.9
    all_wrong = [planted(k, (0, 1 + k % 3) if k % 2 else None, 1 + k % 3) for k in range(40)]
    assert position_only(all_wrong)["frame_auc"] == pytest.approx(0.5)
    anywhere = [planted(k, (k % 12, k % 12 + 1)) for k in range(120)]
    assert position_only(anywhere)["abnormal_auc"] < 0.6


def test_json_knows_no_nan() -> None:
    assert without_nan({"a": [float("nan"), 1.0], "b": ("x", 2)}) == {
        "a": [None, 1.0],
        "b": ["x", 2],
    }
