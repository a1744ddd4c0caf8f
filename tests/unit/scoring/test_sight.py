"""What heads on poses see: the scene's windows, or each person's frames."""

from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from schemas.poses import PosesExtracted
from schemas.scores import ClipScored
from schemas.topics import EMBEDDINGS, POSES
from services.chassis.errors import InvalidMessage
from services.chassis.streaming.records import Outgoing, Partition, Record
from services.scoring.detector import Detector
from services.scoring.heads import Head
from services.scoring.poses import scene_vector
from services.scoring.service import ScoringStep
from tests.checkpoints import card, cosine, mean_head, rule, window
from tests.unit.scoring.poses.people import at, poses, standing

RECORD = Record(Partition("poses.v1", 0), 0, b"k", b"v")
FROM_POSES: dict[str, Any] = {"backbone": "yolov8_pose", "window": 1}


def scene_head(context: int = 1) -> Head:
    """The mean first number of the latest scene vectors: people in a frame, in tens."""
    return mean_head(context, dim=114, rule=rule(f"scene {context}"), **FROM_POSES)


def person_head() -> Head:
    """The mean first number of a person's latest frames: how far to the right they were."""
    return mean_head(20, head="lstm_ae", model_id="right", dim=38, rule=rule("right"), **FROM_POSES)


def run(
    step: ScoringStep, messages: list[PosesExtracted], state: bytes | None = None
) -> tuple[bytes | None, list[Outgoing]]:
    outputs: list[Outgoing] = []
    for message in messages:
        state, out = step(state, RECORD, message)
        outputs += out
    return state, outputs


def raw(outputs: list[Outgoing]) -> list[float]:
    return [out.message.score for out in outputs if isinstance(out.message, ClipScored)]


def test_a_head_of_windows_looks_at_the_latest_scenes() -> None:
    crowd = [standing(0), standing(1, at(0.2, 1), at(0.7, 2)), standing(2, at(0.2, 1))]
    _, outputs = run(ScoringStep(Detector((scene_head(2),))), crowd)
    firsts = [scene_vector(message)[0] for message in crowd]
    assert raw(outputs) == pytest.approx(
        [firsts[0], (firsts[0] + firsts[1]) / 2, (firsts[1] + firsts[2]) / 2]
    )


def test_a_head_of_persons_says_what_the_highest_person_is_worth() -> None:
    clips = [standing(index, at(0.3, 4), at(0.8, 9)) for index in range(3)]
    _, outputs = run(ScoringStep(Detector((person_head(),))), clips)
    assert raw(outputs)[-1] == pytest.approx(0.8, abs=1e-3)


def test_where_nobody_is_the_score_is_the_lowest_there_is() -> None:
    _, outputs = run(ScoringStep(Detector((person_head(),))), [standing(0)])
    (told,) = (out.message for out in outputs)
    assert isinstance(told, ClipScored)
    assert (told.score, told.calibrated) == (-1.0, 0.0)


def test_nobody_before_a_gap_is_the_same_person_after_it() -> None:
    clips = [standing(0, at(0.3)), standing(1, at(0.3)), standing(9, at(0.8))]
    _, outputs = run(ScoringStep(Detector((person_head(),))), clips)
    assert raw(outputs)[-1] == -1.0  # too young to be judged


people = st.lists(
    st.tuples(st.floats(0.1, 0.9), st.integers(1, 3), st.booleans()), min_size=1, max_size=12
)


@given(people, st.data())
def test_a_restart_anywhere_gives_in_effect_the_same_outputs(
    seen: list[tuple[float, int, bool]], data: st.DataObject
) -> None:
    clips = [
        standing(index + 20 * (index > 7), *([at(x, track)] if here else []))
        for index, (x, track, here) in enumerate(seen)
    ]
    step = ScoringStep(Detector((scene_head(3), person_head())))
    _, whole = run(step, clips)
    stop = data.draw(st.integers(0, len(clips)))
    back = data.draw(st.integers(0, stop))
    state, before = run(step, clips[:stop])
    _, after = run(step, clips[back:], state)
    assert before + after == whole


def test_the_heads_say_what_the_service_reads() -> None:
    assert Detector((scene_head(), person_head())).topic == POSES
    assert Detector((Head(cosine(), card(cosine())),)).topic == EMBEDDINGS


@pytest.mark.parametrize(
    ("head", "said"),
    [
        (mean_head(dim=38, **FROM_POSES), "heads see 114 numbers"),
        (mean_head(dim=114, backbone="yolov8_pose", window=2), "one clip at a time"),
        (mean_head(head="lstm_ae", dim=38), "whom i3d_k400 does not see"),
    ],
)
def test_a_head_that_nothing_feeds_is_refused(head: Head, said: str) -> None:
    with pytest.raises(ValueError, match=said):
        Detector((head,))


def test_poses_of_another_make_are_refused() -> None:
    step = ScoringStep(Detector((scene_head(),)))
    with pytest.raises(InvalidMessage, match="backbone yolov8_pose"):
        step(None, RECORD, poses(0, [[]], backbone="yolov9_pose"))
    with pytest.raises(InvalidMessage, match="backbone yolov8_pose"):
        step(None, RECORD, window(0, True))


def test_scene_vectors_are_kept_as_they_are() -> None:
    step = ScoringStep(Detector((scene_head(3),)))
    state, _ = run(step, [standing(0, at(0.2)), standing(1, at(0.4))])
    assert state is not None
    assert np.asarray(scene_vector(standing(1, at(0.4))), "<f4").tobytes() in state
