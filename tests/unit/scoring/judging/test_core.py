"""Judging: the raw scores of single windows, whatever the batch; nothing across a gap or a life."""

from collections.abc import Sequence
from datetime import timedelta
from typing import Any

import numpy as np
import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st

from schemas.clips import ClipSpec
from schemas.judgements import ClipJudged
from services.scoring.cards import MismatchError
from services.scoring.heads import Head
from services.scoring.heads.registry import live_scores
from services.scoring.judging import core
from services.scoring.judging.core import Seen, follow, judge
from services.scoring.judging.detector import Detector, assemble
from services.scoring.judging.past import Past
from services.scoring.poses import scene_vector
from tests.builders import ORIGIN, clip_ref, embedding, source
from tests.checkpoints import MeanOfLatest, card, cosine, mean_head, rule, vector_window, window
from tests.unit.scoring.poses.people import at, poses, standing

COSINE = Detector((Head(cosine(), card(cosine())),))
FROM_POSES: dict[str, Any] = {"backbone": "yolov8_pose", "window": 1}


def scene_head(context: int = 1) -> Head:
    """The mean first number of the latest scene vectors: people in a frame, in tens."""
    return mean_head(context, dim=114, rule=rule(f"scene {context}"), **FROM_POSES)


def person_head() -> Head:
    """The mean first number of a person's latest frames: how far to the right they were."""
    return mean_head(20, head="lstm_ae", dim=38, rule=rule("right"), **FROM_POSES)


def run(detector: Detector, messages: Sequence[Seen]) -> list[ClipJudged]:
    """All in one batch."""
    pasts: dict[object, Past] = {}
    windows = []
    for offset, message in enumerate(messages):
        detector.check(message)
        seen = core.window(message)
        pasts[seen.sequence], rows = follow(pasts.get(seen.sequence), seen, offset, detector)
        if rows is not None:
            windows.append((seen, rows))
    return judge(detector, "live", windows)


def raw(judged: Sequence[ClipJudged], head: int = 0) -> list[float]:
    return [each.heads[head].score for each in judged]


def values(*numbers: float, **more: Any) -> list[Seen]:
    """Windows in a row whose first number is given."""
    return [vector_window(n, (number, 0.0), **more) for n, number in enumerate(numbers)]


def test_a_judgement_says_whose_it_is_and_of_which_clips() -> None:
    (judged,) = run(COSINE, [window(3, True, is_last=True)])
    assert [ref.index for ref in judged.clips] == [6, 7]
    assert (judged.run, judged.detector) == ("live", COSINE.detector_id)
    assert (judged.source_id, judged.origin_at, judged.is_last) == (
        window(3, True).source_id,
        ORIGIN,
        True,
    )
    assert [(head.rule, head.model_id) for head in judged.heads] == [
        ("fight", COSINE.heads[0].model_id)
    ]


def test_where_windows_overlap_only_what_is_fresh_is_judged() -> None:
    (judged,) = run(COSINE, [embedding(3, 4, dim=2, vector=window(0, True).vector, fresh_count=1)])
    assert [ref.index for ref in judged.clips] == [4]


@given(st.integers(1, 300), st.integers(0, 10))
def test_scores_of_a_batch_are_those_of_single_windows(count: int, seed: int) -> None:
    detector = assemble()
    vectors = np.random.default_rng(seed).random((count, 1024), np.float32)
    messages = [
        embedding(2 * n, 2 * n + 1, dim=1024, vector=vector.tobytes())
        for n, vector in enumerate(vectors)
    ]
    together = run(detector, messages)
    alone = [run(detector, [message])[0] for message in messages[:5]]
    for head in range(3):
        assert raw(together, head)[:5] == pytest.approx(raw(alone, head), abs=1e-6)


def test_a_head_with_context_takes_the_latest_windows_only() -> None:
    numbers = [0.0, 0.3, 0.9, 0.6, 0.0]
    found = raw(run(Detector((mean_head(3),)), values(*numbers)))
    assert found == pytest.approx([0.0, 0.1, 0.4, 0.6, 0.5])
    x_TD = torch.tensor([[number, 0.0] for number in numbers])
    assert found == live_scores(MeanOfLatest(3), x_TD).tolist()


def test_sources_of_one_batch_do_not_touch_each_other() -> None:
    left, right = (values(*([number] * 3), source_id=source(n)) for n, number in enumerate([0, 1]))
    mixed = [message for pair in zip(left, right, strict=True) for message in pair]
    assert raw(run(Detector((mean_head(3),)), mixed)) == [0, 1] * 3


def test_nothing_before_a_gap_is_used() -> None:
    messages = [vector_window(0, (0.9, 0.0)), vector_window(2, (0.3, 0.0))]
    assert raw(run(Detector((mean_head(3),)), messages)) == pytest.approx([0.9, 0.3])


@pytest.mark.parametrize(
    "other", [{"origin_at": ORIGIN - timedelta(hours=1)}, {"origin_at": ORIGIN + timedelta(days=1)}]
)
def test_nothing_of_another_life_is_used(other: dict[str, Any]) -> None:
    """A clock set back or forth begins a new grid, whose indexes begin anew."""
    messages = [*values(0.9, 0.9), *values(0.3, 0.3, **other)]
    assert raw(run(Detector((mean_head(3),)), messages)) == pytest.approx([0.9, 0.9, 0.3, 0.3])


def test_overlapping_windows_are_taken_at_the_heads_own_spacing() -> None:
    """A window a clip: the one before a window of two clips is the last but one."""
    numbers = [0.0, 0.1, 0.2, 0.3, 0.4, 0.5]
    messages = [
        embedding(
            n,
            n + 1,
            dim=2,
            vector=np.array([number, 0], "<f4").tobytes(),
            fresh_count=1 if n else 2,
        )
        for n, number in enumerate(numbers)
    ]
    found = raw(run(Detector((mean_head(2),)), messages))
    assert found == pytest.approx([0.0, 0.1, 0.1, 0.2, 0.3, 0.4])
    aligned = raw(run(Detector((mean_head(2),)), values(0.0, 0.2, 0.4)))
    assert found[::2] == pytest.approx(aligned)


def test_a_window_that_comes_again_is_not_judged_again_where_its_past_is_gone() -> None:
    messages = values(0.1, 0.2, 0.3, 0.4, 0.5)
    assert len(run(Detector((mean_head(2),)), [*messages, *messages[1:3]])) == 5


def test_the_past_is_no_longer_than_heads_depend_on() -> None:
    detector, past = Detector((mean_head(4),)), None
    for offset, message in enumerate(values(*[0.5] * 20)):
        past, _ = follow(past, core.window(message), offset, detector)
    assert past is not None
    assert [kept.offset for kept in past.windows.kept] == [17, 18, 19]
    assert past.held == 17


def test_heads_with_and_without_context_judge_side_by_side() -> None:
    heads = (Head(cosine(), card(cosine())), mean_head(2), mean_head(4, rule=rule("long")))
    judged = run(Detector(heads), values(1, 0.5, 0.1))[-1]
    # The mean of four: the first window stands in for the one before it.
    scores = [head.score for head in judged.heads]
    assert scores == pytest.approx([1, 0.3, (1 + 1 + 0.5 + 0.1) / 4])


@pytest.mark.parametrize(
    "wrong",
    [
        embedding(0, dim=2, vector=bytes(8), backbone="other"),
        embedding(0, dim=2, vector=bytes(8), window=1),
        embedding(0, dim=3, vector=bytes(12)),
        embedding(0, dim=2, vector=bytes(8), spec=ClipSpec(frame_rate=8)),
        standing(0),
    ],
)
def test_what_the_heads_were_not_made_for_is_refused(wrong: Seen) -> None:
    with pytest.raises(MismatchError):
        COSINE.check(wrong)


@pytest.mark.parametrize("bad", [float("nan"), float("inf"), float("-inf")])
def test_what_is_not_finite_is_found_among_others(bad: float) -> None:
    good = [core.window(vector_window(number, (1.0, 0.0))) for number in range(3)]
    assert core.are_finite(good)
    assert core.are_finite([])
    assert not core.are_finite([*good, core.window(vector_window(3, (0.0, bad))), *good])


def test_a_head_of_windows_takes_the_latest_scenes() -> None:
    crowd = [standing(0), standing(1, at(0.2, 1), at(0.7, 2)), standing(2, at(0.2, 1))]
    found = raw(run(Detector((scene_head(2),)), crowd))
    firsts = [scene_vector(message)[0] for message in crowd]
    assert found == pytest.approx(
        [firsts[0], (firsts[0] + firsts[1]) / 2, (firsts[1] + firsts[2]) / 2]
    )


def test_the_score_of_persons_is_that_of_the_highest() -> None:
    clips = [standing(index, at(0.3, 4), at(0.8, 9)) for index in range(3)]
    assert raw(run(Detector((person_head(),)), clips))[-1] == pytest.approx(0.8, abs=1e-3)


def test_where_nobody_is_the_score_is_the_lowest_there_is() -> None:
    assert raw(run(Detector((person_head(),)), [standing(0)])) == [-1.0]


def test_nobody_before_a_gap_is_the_same_person_after_it() -> None:
    clips = [standing(0, at(0.3)), standing(1, at(0.3)), standing(9, at(0.8))]
    assert raw(run(Detector((person_head(),)), clips))[-1] == -1.0  # too young to be judged


def test_heads_on_poses_and_persons_share_a_clip() -> None:
    seen = poses(0, [[at(0.5)]] * 8)
    assert [ref.index for ref in run(Detector((scene_head(), person_head())), [seen])[0].clips] == [
        clip_ref(0).index
    ]


def test_what_comes_late_is_judged_though_later_clips_were() -> None:
    live = [window(n, False) for n in (0, 1, 8, 9)]
    late = [window(n, False, is_late=True) for n in range(2, 8)]
    judged = run(COSINE, [*live, *late, *late])
    assert [each.clips[0].index for each in judged if each.is_late] == [4, 6, 8, 10, 12, 14]
