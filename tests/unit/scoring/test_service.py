"""The scoring step: a score for every clip, alerts before scores, nothing twice after a restart."""

from pathlib import Path

import numpy as np
import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st

from schemas.alerts import AlertClosed, AlertOpened
from schemas.embeddings import EmbeddingExtracted
from schemas.scores import ClipScored
from schemas.topics import ALERTS, SCORES
from services.chassis.errors import InvalidMessage
from services.chassis.streaming.records import Outgoing, Partition, Record
from services.scoring.core import State
from services.scoring.detector import Detector, assemble
from services.scoring.heads import Head
from services.scoring.heads.live import live_scores
from services.scoring.service import ScoringStep
from tests.builders import embedding
from tests.checkpoints import (
    MeanOfLatest,
    card,
    cosine,
    cosine_head,
    mean_head,
    rule,
    vector_window,
    window,
)

RECORD = Record(Partition("embeddings.v1", 0), 0, b"k", b"v", {"traceparent": b"x"})
TWO_HEADS = Detector(
    (
        Head(cosine(0), card(cosine(0), rule=rule("fight"))),
        Head(cosine(1), card(cosine(1), rule=rule("fall"))),
    )
)


@pytest.fixture
def step(tmp_path: Path) -> ScoringStep:
    return ScoringStep(assemble(cosine_head(tmp_path)))


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


def opened(outputs: list[Outgoing]) -> list[AlertOpened]:
    return [out.message for out in outputs if isinstance(out.message, AlertOpened)]


FIGHT = [window(0, False), window(1, True), window(2, False), window(3, False, is_last=True)]


def test_every_clip_is_scored_once_with_the_score_of_its_window(step: ScoringStep) -> None:
    found = scores(run(step, FIGHT)[1])
    assert [one.index for one in found] == list(range(8))
    assert [one.calibrated for one in found] == pytest.approx([0.5, 0.5, 1, 1, 0.5, 0.5, 0.5, 0.5])
    assert [one.is_last for one in found] == [False] * 7 + [True]
    assert {one.heads for one in found} == {None}


def test_alerts_go_out_before_the_scores_that_count_them(step: ScoringStep) -> None:
    _, (first, *rest) = step(None, RECORD, window(0, True, is_last=True))
    assert isinstance(first.message, AlertOpened)
    assert isinstance(rest[0].message, AlertClosed)
    assert [out.topic for out in (first, *rest)] == [ALERTS, ALERTS, SCORES, SCORES]
    assert scores(rest)[-1].alerts_opened == 1
    assert all(out.parent == RECORD.headers for out in (first, *rest))


def test_a_replay_puts_out_nothing_and_changes_nothing(step: ScoringStep) -> None:
    state, _ = run(step, FIGHT)
    assert run(step, FIGHT, state) == (state, [])


def test_clips_scored_before_are_left_out_of_a_window_that_holds_new_ones(
    step: ScoringStep,
) -> None:
    alone = embedding(2, dim=2, vector=FIGHT[1].vector)
    _, outputs = run(step, [FIGHT[0], alone, FIGHT[1]])
    assert [one.index for one in scores(outputs)] == [0, 1, 2, 3]


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


def test_a_clip_is_told_with_the_say_of_the_highest_head_and_every_heads_beside_it() -> None:
    _, outputs = run(ScoringStep(TWO_HEADS), [vector_window(0, (0.6, 0.8))])
    told = scores(outputs)[0]
    assert told.heads is not None
    assert [(one.rule, one.label) for one in told.heads] == [
        ("fight", "Possible fight"),
        ("fall", "Possible fall"),
    ]
    assert [one.calibrated for one in told.heads] == pytest.approx([0.8, 0.9])
    assert told.calibrated == told.heads[1].calibrated
    assert told.model_id == TWO_HEADS.model_id
    assert {one.model_id for one in told.heads} == {one.model_id for one in TWO_HEADS.heads}


def test_of_equal_heads_the_first_speaks() -> None:
    (told, _) = scores(run(ScoringStep(TWO_HEADS), [vector_window(0, (1.0, 1.0))])[1])
    assert told.heads is not None
    assert told.score == told.heads[0].score


def test_each_head_opens_its_own_alert_which_says_of_what() -> None:
    falls, fights = window(0, False), window(1, True)
    _, outputs = run(ScoringStep(TWO_HEADS), [falls, fights, window(2, True, is_last=True)])
    assert [(one.rule, one.label) for one in opened(outputs)] == [
        ("fall", "Possible fall"),
        ("fight", "Possible fight"),
    ]
    assert [one.model_id for one in opened(outputs)] == [
        TWO_HEADS.heads[1].model_id,
        TWO_HEADS.heads[0].model_id,
    ]
    assert scores(outputs)[-1].alerts_opened == 2


def firsts(outputs: list[Outgoing]) -> list[float]:
    """The raw score of each window."""
    return [one.score for one in scores(outputs)[::2]]


def test_a_head_with_context_looks_at_the_latest_windows_only() -> None:
    values = [0.0, 0.3, 0.9, 0.6, 0.0]
    messages = [vector_window(number, (value, 0.0)) for number, value in enumerate(values)]
    found = firsts(run(ScoringStep(Detector((mean_head(3),))), messages)[1])
    assert found == pytest.approx([0.0, 0.1, 0.4, 0.6, 0.5])
    x_TD = torch.tensor([[value, 0.0] for value in values])
    assert found == live_scores(MeanOfLatest(3), x_TD).tolist()


def test_nothing_before_a_gap_in_time_is_looked_at() -> None:
    messages = [vector_window(0, (0.9, 0.0)), vector_window(50, (0.3, 0.0))]
    assert firsts(run(ScoringStep(Detector((mean_head(3),))), messages)[1]) == pytest.approx(
        [0.9, 0.3]
    )


def test_heads_with_and_without_context_look_side_by_side() -> None:
    heads = (Head(cosine(), card(cosine())), mean_head(2), mean_head(4, rule=rule("long")))
    messages = [vector_window(number, (value, 0.0)) for number, value in enumerate([1, 0.5, 0.1])]
    told = scores(run(ScoringStep(Detector(heads)), messages)[1])[-1]
    assert told.heads is not None
    # The mean of four: the first window stands in for the one before it.
    assert [one.score for one in told.heads] == pytest.approx([1, 0.3, (1 + 1 + 0.5 + 0.1) / 4])


@pytest.mark.parametrize("old", [b"", b"\xff\x00", State(next_index=9).model_dump_json().encode()])
def test_the_state_of_an_older_version_starts_anew(step: ScoringStep, old: bytes) -> None:
    assert step(old, RECORD, FIGHT[0]) == step(None, RECORD, FIGHT[0])


@given(st.binary(max_size=64))
def test_no_state_in_the_table_crashes_the_step(old: bytes) -> None:
    step = ScoringStep(TWO_HEADS)
    assert step(old, RECORD, FIGHT[0]) == step(None, RECORD, FIGHT[0])


streams = st.lists(st.sampled_from([0.0, 0.5, 0.95, 1.0]), min_size=1, max_size=24)


@given(streams, st.data())
def test_a_restart_anywhere_gives_in_effect_the_same_outputs(
    values: list[float], data: st.DataObject
) -> None:
    """After kill -9 some of the latest records come again: with the state before or after them."""
    messages = [
        vector_window(number + 30 * (number > 12), (value, 1 - value))
        for number, value in enumerate(values)
    ]
    step = ScoringStep(Detector((*TWO_HEADS.heads, mean_head(5))))
    _, whole = run(step, messages)
    stop = data.draw(st.integers(0, len(messages)))
    back = data.draw(st.integers(0, stop))
    state, before = run(step, messages[:stop])
    _, after = run(step, messages[back:], state)
    assert before + after == whole


def test_the_past_is_kept_to_the_last_bit_and_no_longer_than_it_is_looked_at() -> None:
    step = ScoringStep(Detector((mean_head(4),)))
    vectors = np.random.default_rng(0).random((9, 2), np.float32)
    messages = [vector_window(n, (float(v[0]), float(v[1]))) for n, v in enumerate(vectors)]
    state, _ = run(step, messages)
    assert state is not None
    assert vectors[-3:].tobytes() in state
    assert vectors[-4:].tobytes() not in state
