"""A replay gives what the live stream gave: the vectorised path beside the services' own steps, on
random interleavings of cameras and uploads with gaps, restarts, doubles, lives that come and go,
late stretches and budgets.
"""

from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import timedelta
from functools import cache
from threading import Event
from typing import Any

import numpy as np
import pytest
import torch
from hypothesis import example, given, settings
from hypothesis import strategies as st

from schemas.base import Message
from schemas.embeddings import EmbeddingExtracted
from schemas.judgements import ClipJudged
from schemas.policies import PersistenceRule, PolicySet
from services.chassis.streaming.records import Incoming, Partition, Record
from services.scoring.calibration import Calibration
from services.scoring.episodes.in_force import Detectors
from services.scoring.episodes.policy import Cards
from services.scoring.episodes.service import EpisodesStep
from services.scoring.episodes.table import Kept
from services.scoring.heads import Head
from services.scoring.heads.registry import build
from services.scoring.judging.detector import Detector
from services.scoring.replay.core import Output, Replay, Stretch
from tests.builders import ORIGIN, source
from tests.checkpoints import card, cosine, judging, mean_head, rule, vector_window
from tests.unit.scoring.replay.outputs import by_source, rows, scores

WINDOW_S = 32 / 15
FOREVER = timedelta(days=3650)
PATIENT = PersistenceRule(
    name="fight", label="fight", high=0.9, low=0.6, k=2, n=4, m=2, alone=0.98, cooldown_s=5.0
)
LONG = PATIENT.model_copy(update={"min_duration_s": 6.0, "alone": None, "cooldown_s": 0.0})
DETECTOR = Detector((Head(cosine(), card(cosine(), rule=PATIENT)), mean_head(3)))
OF_LATEST = Detector((Head(cosine(), card(cosine(), rule=LONG)),))
VALUES = (0.0, 0.0, 0.0, 0.4, 0.85, 0.95, 1.0)


@dataclass
class Live:
    """The live stream: its handler of judging and its step of episodes over one log."""

    detector: Detector
    policies: dict[str, PolicySet] = field(default_factory=dict)

    def run(self, messages: Sequence[EmbeddingExtracted]) -> list[Message]:
        handler = judging(self.detector)
        cards = Cards(tuple(head.card for head in self.detector.heads))
        window = self.detector.heads[0].card.window
        step = EpisodesStep(Detectors(cards, frozenset({self.detector.backbone}), window))
        kept = {name: Kept().with_policy(policy) for name, policy in self.policies.items()}
        found: list[Message] = []
        for offset, message in enumerate(messages):
            record = Record(Partition("embeddings.v1", 0), offset, message.key.encode(), b"")
            item = Incoming(record, message, handler.prepare(message))
            for out in handler.handle([item], Event()):
                assert isinstance(out.message, ClipJudged)
                state, outputs = step(kept.get(message.key), record, out.message)
                assert state is not None
                kept[message.key] = state
                found += [one.message for one in outputs if one.message is not None]
            handler.settle()
        return found


@dataclass(frozen=True)
class Move:
    """What one of the sources does next."""

    source: int
    value: float
    skip: int = 0
    is_late: bool = False
    life: int = 0
    again: bool = False
    fresh: int = 2
    is_last: bool = False


MOVES = st.builds(
    Move,
    source=st.integers(0, 1),
    value=st.sampled_from(VALUES),
    skip=st.sampled_from((0, 0, 0, 0, 0, 0, 0, 1, 3)),
    is_late=st.sampled_from((False, False, False, True)),
    life=st.sampled_from((0,) * 12 + (1, 2)),
    again=st.sampled_from((False,) * 9 + (True,)),
    fresh=st.sampled_from((2, 2, 2, 1)),
    is_last=st.sampled_from((False,) * 20 + (True,)),
)


def log_of(moves: Sequence[Move], kind: str = "camera", wait_s: float = WINDOW_S) -> list[Any]:
    """The messages of these moves. Cutting goes on by `wait_s` a move."""
    places: dict[tuple[int, bool, int], int] = {}
    found = []
    for number, move in enumerate(moves):
        name = (move.source, move.is_late, move.life)
        at = places.get(name, 0) + move.skip
        places[name] = at if move.again else at + 1
        message = vector_window(
            at,
            (move.value, (1 - move.value**2) ** 0.5),
            source_id=source(move.source),
            source_kind=kind,
            origin_at=ORIGIN + timedelta(hours=move.life),
            cut_at=ORIGIN + timedelta(seconds=number * wait_s),
            is_late=move.is_late,
            is_last=move.is_last,
        )
        found.append(message.model_copy(update={"fresh_count": move.fresh}))
    return found


def replayed(
    detector: Detector,
    messages: Sequence[EmbeddingExtracted],
    batch: int,
    policies: dict[str, PolicySet] | None = None,
) -> list[Output]:
    stretch = Stretch("again", ORIGIN - FOREVER, ORIGIN + FOREVER)
    replay = Replay(detector, stretch, lambda one: (policies or {}).get(str(one)))
    read, found = rows(messages), list[Output]()
    for start in range(0, len(read), batch):
        found += replay.take(read[start : start + batch])
    return [*found, *replay.flush()]


ENDED = [
    Move(0, 1.0),
    Move(0, 1.0, again=True, is_last=True),
    *(Move(0, value) for value in (0.0, 0.4, 0.4)),
]


@settings(max_examples=60)
@example(ENDED, 7, DETECTOR, "upload")
@given(
    st.lists(MOVES, max_size=60),
    st.integers(1, 30),
    st.sampled_from((DETECTOR, OF_LATEST)),
    st.sampled_from(("camera", "upload")),
)
def test_what_is_judged_again_is_what_was_judged(
    moves: Sequence[Move], batch: int, detector: Detector, kind: str
) -> None:
    messages = log_of(moves, kind)
    before, again = Live(detector).run(messages), replayed(detector, messages, batch)
    assert scores(again) == scores(before)
    assert by_source(again) == by_source(before)


def budget(**more: Any) -> PolicySet:
    rule = PATIENT.model_copy(update={"budget_per_day": 1.0, "high": 0.7, "alone": 0.95, **more})
    return PolicySet(source_id=source(0), rules=(rule,), set_at=ORIGIN)


@settings(max_examples=15)
@given(
    st.lists(MOVES, min_size=20, max_size=60),
    st.integers(1, 30),
    st.sampled_from((1, 30, 400)),
    st.sampled_from((budget(), budget(k=1, n=1, alone=None), budget(n=7, k=3))),
)
def test_marks_that_a_budget_raises_are_those_of_the_live_stream(
    moves: Sequence[Move], batch: int, stride: int, policy: PolicySet
) -> None:
    """Moves far apart, so that blocks and days go by."""
    apart = [
        Move(0, move.value, move.skip + stride * (number % 3 == 0), move.is_late, fresh=move.fresh)
        for number, move in enumerate(moves)
    ]
    messages, policies = log_of(apart), {policy.key: policy}
    before = Live(DETECTOR, policies).run(messages)
    again = replayed(DETECTOR, messages, batch, policies)
    assert scores(again) == scores(before)
    assert by_source(again) == by_source(before)


def test_after_days_a_budget_has_raised_the_mark_as_in_the_live_stream() -> None:
    """A week of a camera with a peak now and then, a window every nine minutes."""
    policy = budget(n=2, k=1, alone=None)
    pattern = (0.0, 0.1, 0.85, 0.3, 0.0, 0.0, 0.75)
    moves = [Move(0, pattern[n % 7], skip=256) for n in range(1000)]
    messages, policies = log_of(moves), {policy.key: policy}
    before = Live(DETECTOR, policies).run(messages)
    again = replayed(DETECTOR, messages, 512, policies)
    marks = {mark for _, mark in scores(before).values()}
    assert len(marks) > 2
    assert scores(again) == scores(before)
    assert by_source(again) == by_source(before)


SMALL = {"width": 8, "depth": 1, "heads": 1, "head_dim": 4, "feed": 8, "hidden": 8, "narrow": 4}


@cache
def remembering(name: str, context: int) -> Detector:
    """A head whose every weight counts."""
    config = SMALL | {"context": context}
    if name == "causal_mil":
        config = {"hidden": 8, "width": 8, "depth": context.bit_length() - 1}
    torch.manual_seed(context)
    network = build(name, 2, config).eval()
    with torch.no_grad():
        for weights in network.parameters():
            weights.normal_(std=0.7)
    of = card(network, head=name, config=config, calibration=Calibration(**EVEN), rule=PATIENT)
    return Detector((Head(network, of), Head(cosine(), card(cosine(), rule=rule("other")))))


EVEN: dict[str, Any] = {"raw": (0.0, 1.0), "calibrated": (0.0, 1.0)}


@pytest.mark.parametrize(
    ("name", "context"), [("causal_mil", 2), ("causal_mil", 8), ("deep_mil_fe", 3)]
)
@given(moves=st.lists(MOVES, min_size=1, max_size=40), batch=st.integers(1, 30))
@settings(max_examples=12)
def test_heads_with_a_memory_see_what_they_saw_live(
    name: str, context: int, moves: Sequence[Move], batch: int
) -> None:
    detector = remembering(name, context)
    assert detector.context == context
    messages = log_of(moves)
    before, again = (
        scores(Live(detector).run(messages)),
        scores(replayed(detector, messages, batch)),
    )
    assert again.keys() == before.keys()
    for place, (values, _) in before.items():
        assert np.array(again[place][0]) == pytest.approx(np.array(values), abs=3e-6)
