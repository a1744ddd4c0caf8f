"""The scoring step: a score for every clip, alerts before scores, the same again on a replay."""

from pathlib import Path

import pytest

from schemas.alerts import AlertClosed, AlertOpened
from schemas.embeddings import EmbeddingExtracted
from schemas.scores import ClipScored
from schemas.topics import ALERTS, SCORES
from services.chassis.errors import InvalidMessage
from services.chassis.streaming.records import Outgoing, Partition, Record
from services.scoring.heads import load
from services.scoring.service import ScoringStep
from tests.builders import embedding
from tests.checkpoints import cosine_head, window

RECORD = Record(Partition("embeddings.v1", 0), 0, b"k", b"v", {"traceparent": b"x"})


@pytest.fixture
def step(tmp_path: Path) -> ScoringStep:
    return ScoringStep(load(cosine_head(tmp_path)))


def run(
    step: ScoringStep, messages: list[EmbeddingExtracted], state: bytes | None = None
) -> tuple[bytes | None, list[Outgoing]]:
    outputs: list[Outgoing] = []
    for message in messages:
        state, out = step(state, RECORD, message)
        outputs += out
    return state, outputs


def scores(outputs: list[Outgoing]) -> list[ClipScored]:
    return [out.message for out in outputs if isinstance(out.message, ClipScored)]


FIGHT = [window(0, False), window(1, True), window(2, False), window(3, False, is_last=True)]


def test_every_clip_is_scored_once_with_the_score_of_its_window(step: ScoringStep) -> None:
    found = scores(run(step, FIGHT)[1])
    assert [one.index for one in found] == list(range(8))
    assert [one.calibrated for one in found] == pytest.approx([0.5, 0.5, 1, 1, 0.5, 0.5, 0.5, 0.5])
    assert [one.is_last for one in found] == [False] * 7 + [True]


def test_alerts_go_out_before_the_scores_that_count_them(step: ScoringStep) -> None:
    _, (first, *rest) = step(None, RECORD, window(0, True, is_last=True))
    assert isinstance(first.message, AlertOpened)
    assert isinstance(rest[0].message, AlertClosed)
    assert [out.topic for out in (first, *rest)] == [ALERTS, ALERTS, SCORES, SCORES]
    assert scores(rest)[-1].alerts_opened == 1
    assert all(out.parent == RECORD.headers for out in (first, *rest))


def test_a_replay_gives_the_same_scores_and_no_new_alert(step: ScoringStep) -> None:
    state, once = run(step, FIGHT)
    again_state, again = run(step, FIGHT, state)
    last = scores(again)[-1]
    assert state == again_state
    assert [out.topic for out in again] == [SCORES] * 8
    assert last == scores(once)[-1]


def test_a_state_from_before_gives_the_same_outputs(step: ScoringStep) -> None:
    state, _ = step(None, RECORD, FIGHT[0])
    assert step(state, RECORD, FIGHT[1]) == step(state, RECORD, FIGHT[1])


@pytest.mark.parametrize(
    "wrong",
    [
        embedding(0, dim=2, vector=bytes(8), backbone="other"),
        embedding(0, dim=2, vector=bytes(8), window=1),
        embedding(0, dim=3, vector=bytes(12)),
        embedding(0, dim=2, vector=bytes(8), spec={"frames": 16, "frame_rate": 8, "hop": 16}),
        embedding(0, dim=2, vector=b"\x00\x00\xc0\x7f" * 2),
    ],
)
def test_an_embedding_the_head_was_not_made_for_is_refused(
    step: ScoringStep, wrong: EmbeddingExtracted
) -> None:
    with pytest.raises(InvalidMessage):
        step(None, RECORD, wrong)
