"""The step of the stream: policies in force, tombstones, runs that are ours, silence."""

from collections.abc import Sequence
from datetime import timedelta

import pytest

from schemas.alerts import AlertClosed, AlertOpened
from schemas.base import Message
from schemas.judgements import ClipJudged
from schemas.policies import PolicySet
from schemas.scores import ClipScored
from schemas.topics import ALERTS, POLICIES, SCORES, SOURCES
from services.chassis.errors import InvalidMessage
from services.chassis.streaming.records import Outgoing, Partition, Record, Tombstone
from services.scoring.episodes.in_force import Detectors
from services.scoring.episodes.policy import Cards
from services.scoring.episodes.service import EpisodesStep
from services.scoring.episodes.silence import Bounds
from services.scoring.episodes.table import Kept
from tests.builders import ORIGIN, SOURCE
from tests.checkpoints import RULE, card, cosine
from tests.unit.scoring.episodes.builders import BACKBONE, cut_at, judgement

CARD = card(cosine())
MODEL = CARD.model_id
KEY = str(SOURCE).encode()
HIGH, LOW = 0.9, -0.9


def detectors() -> Detectors:
    return Detectors(Cards((CARD,)), frozenset({BACKBONE}), 2)


class Stream:
    """The step as its shell calls it: states packed and unpacked between all calls."""

    def __init__(self) -> None:
        self.step = EpisodesStep(detectors(), Bounds(upload_s=600.0))
        self.packed: bytes | None = None
        self.out: list[Outgoing] = []
        self.now = ORIGIN

    def take(self, *messages: Message | Tombstone) -> list[Message]:
        """What is put out for them."""
        before = len(self.out)
        for message in messages:
            record = Record(Partition("topic", 1), 0, KEY, b"", {"traceparent": b"x"})
            state, outputs = self.step(self.state, record, message)
            self._keep(state, outputs)
        return [out.message for out in self.out[before:] if out.message]

    def wait(self, seconds: int) -> list[Message]:
        before = len(self.out)
        for _ in range(seconds):
            self.now += timedelta(seconds=1)
            if (state := self.state) is not None:
                self._keep(*self.step.tick(state, self.now))
        return [out.message for out in self.out[before:] if out.message]

    @property
    def state(self) -> Kept | None:
        return None if self.packed is None else self.step.unpack(self.packed)

    def _keep(self, state: Kept | None, outputs: object) -> None:
        self.packed = None if state is None else self.step.pack(state)
        assert isinstance(outputs, Sequence)
        self.out += outputs


def judgements(scores: Sequence[float], start: int = 0, **more: object) -> list[ClipJudged]:
    return [
        judgement(start + n, {MODEL: score}, cut_at=cut_at(start + n), **more)
        for n, score in enumerate(scores)
    ]


def policy(**more: object) -> PolicySet:
    return PolicySet.model_validate({"source_id": SOURCE, "set_at": ORIGIN, **more})


def opened(messages: Sequence[Message]) -> int:
    return sum(isinstance(message, AlertOpened) for message in messages)


def test_alerts_go_out_before_the_scores_that_count_them() -> None:
    stream = Stream()
    stream.take(*judgements([HIGH, HIGH]))
    assert [out.topic for out in stream.out] == [SCORES, ALERTS, SCORES]
    assert all(out.parent == {"traceparent": b"x"} for out in stream.out)


def test_judgements_of_a_model_that_is_no_longer_in_force_are_passed_over() -> None:
    stream = Stream()
    assert stream.take(judgement(0, {"other": 1.0}), judgement(1, {"other": 1.0})) == []
    assert len(stream.take(*judgements([LOW], start=2))) == 1


def test_cards_are_read_anew_for_a_model_that_was_not_there() -> None:
    stream = Stream()
    stream.step = EpisodesStep(Detectors(Cards(()), frozenset({BACKBONE}), 2), reread=detectors)
    assert len(stream.take(*judgements([LOW, LOW]))) == 2


def test_runs_share_a_process_and_nothing_else() -> None:
    stream = Stream()
    mixed = [
        each
        for pair in zip(
            judgements([HIGH] * 3, run="a"), judgements([LOW] * 3, run="b"), strict=True
        )
        for each in pair
    ]
    found = stream.take(*mixed)
    assert [(m.run, type(m)) for m in found if not isinstance(m, ClipScored)] == [
        ("a", AlertOpened)
    ]  # type: ignore[attr-defined]


def test_a_policy_is_in_force_from_the_next_judgement_on() -> None:
    stream = Stream()
    strict = RULE.model_copy(update={"high": 1.0, "severity": "critical"}).model_dump()
    stream.take(policy(rules=[strict]))
    assert opened(stream.take(*judgements([HIGH] * 4))) == 0
    stream.take(Tombstone(POLICIES, KEY))
    assert opened(stream.take(*judgements([HIGH] * 4, start=4))) == 1


def test_hours_of_a_time_zone_that_there_is_not_are_no_policy() -> None:
    stream = Stream()
    with pytest.raises(InvalidMessage, match="Mars/Olympus"):
        stream.take(policy(hours={"time_zone": "Mars/Olympus"}))


def test_a_muted_rule_raises_no_alert_and_is_still_scored() -> None:
    stream = Stream()
    stream.take(policy(muted=["fight"]))
    found = stream.take(*judgements([HIGH] * 4))
    assert (opened(found), len(found)) == (0, 4)


def test_of_a_removed_source_nothing_is_kept() -> None:
    stream = Stream()
    stream.take(policy(), *judgements([HIGH] * 4))
    assert stream.take(Tombstone(SOURCES, KEY)) == []
    assert stream.packed is None


def test_a_camera_that_dies_ends_its_episode_and_is_forgotten_after_a_day() -> None:
    stream = Stream()
    stream.take(*judgements([HIGH] * 4, source_kind="camera"))
    (closed,) = stream.wait(40)
    assert isinstance(closed, AlertClosed)
    assert closed.reason == "source_silent"
    assert stream.wait(300) == []
    stream.now += timedelta(days=1)
    stream.wait(3700)
    assert stream.packed is None


def test_an_upload_that_ended_is_forgotten_after_an_hour() -> None:
    stream = Stream()
    stream.take(*judgements([LOW, LOW]), *judgements([LOW], start=2, is_last=True))
    stream.wait(3700)
    assert stream.packed is None


def test_policies_outlive_the_states_of_runs() -> None:
    stream = Stream()
    stream.take(policy(), *judgements([LOW], is_last=True))
    stream.wait(3700)
    assert stream.state == Kept(policy())


def test_a_tick_that_brings_nothing_returns_the_state_itself() -> None:
    stream = Stream()
    stream.take(*judgements([LOW] * 3, source_kind="camera"))
    state = stream.state
    assert state is not None
    assert stream.step.tick(state, ORIGIN)[0] is state


def test_what_comes_late_alerts_as_it_would_have_live() -> None:
    scores = [LOW, HIGH, HIGH, HIGH, LOW, LOW, LOW, LOW]
    in_time, late = Stream(), Stream()
    alerts = in_time.take(*judgements(scores, start=20, source_kind="camera"))
    late.take(*judgements([LOW] * 4, start=40, source_kind="camera"))
    found = late.take(*judgements(scores, start=20, source_kind="camera", is_late=True))
    late.take(*judgements([LOW] * 4, start=44, source_kind="camera"))
    assert [message.model_copy(update={"is_late": False}) for message in found] == alerts
    assert all(getattr(message, "is_late", True) for message in found)


def test_an_episode_at_the_end_of_a_late_stretch_has_subsided() -> None:
    stream = Stream()
    stream.take(*judgements([HIGH] * 4, start=20, source_kind="camera", is_late=True))
    assert stream.wait(590) == []
    (closed,) = stream.wait(20)
    assert isinstance(closed, AlertClosed)
    assert closed.reason == "subsided"
    assert closed.is_late


def test_a_budget_raises_the_mark_of_a_noisy_camera_and_scores_show_it() -> None:
    """Six times a day it stands high, for a week; a policy without budget brings the mark back."""
    stream = Stream()
    budget = RULE.model_copy(update={"budget_per_day": 1.0}).model_dump()
    stream.take(policy(rules=[budget]))
    marks = list[float]()
    for number in range(7 * 144):
        value = HIGH if number % 24 == 0 else LOW
        origin_at = ORIGIN + timedelta(minutes=10 * number)
        taken = stream.take(*judgements([value] * 3, origin_at=origin_at, source_kind="camera"))
        marks += [m.heads[0].high_mark or 0.0 for m in taken if isinstance(m, ClipScored)]
    assert marks[0] == RULE.high
    assert marks[-1] > RULE.high
    assert stream.packed is not None
    assert len(stream.packed) < 3000
    stream.take(policy(rules=[RULE.model_dump()]))
    later = ORIGIN + timedelta(days=8)
    (score,) = stream.take(*judgements([LOW], origin_at=later, source_kind="camera"))[-1:]
    assert isinstance(score, ClipScored)
    assert score.heads[0].high_mark == RULE.high
