"""Models that take one another's place: an episode outlives its model, and no alert is lost or
doubled.
"""

from collections.abc import Mapping, Sequence
from typing import Any

from hypothesis import given
from hypothesis import strategies as st

from schemas.alerts import Alert, AlertClosed, AlertOpened
from schemas.judgements import ClipJudged, HeadJudgement
from services.scoring.episodes.core import Outcome, step
from services.scoring.episodes.policy import Knots, Terms
from services.scoring.episodes.state import SourceState
from tests.builders import judged
from tests.unit.scoring.episodes.builders import BACKBONE, RULE, H, L, M, alerts, cut_at, kinds

MODELS = ("first", "second", "third")
COOL = RULE.model_copy(update={"cooldown_s": 5.0, "min_duration_s": 2.0})
IDENTITY = Knots((0.0, 1.0), (0.0, 1.0))


def terms(rule: Any = RULE) -> Mapping[str, Terms]:
    """All models have the same rule and calibration."""
    return {f"{model}-{name}": Terms(rule, IDENTITY) for model in MODELS for name in ("a", "b")}


def judgement(index: int, model: str, scores: Mapping[str, float], **more: Any) -> ClipJudged:
    """By a detector of one head a rule; each head is a model of its own."""
    heads = tuple(
        HeadJudgement(head="linear", model_id=f"{model}-{rule}", rule=rule, score=score)
        for rule, score in scores.items()
    )
    return judged(index, heads=heads, detector=model, cut_at=cut_at(index), **more)


def run(messages: Sequence[ClipJudged], rule: Any = RULE) -> list[Outcome]:
    """States are packed and unpacked between all records, as the stream does."""
    state: SourceState | None = None
    outcomes = []
    for message in messages:
        outcomes.append(step(state, message, terms(rule), (BACKBONE,)))
        state = SourceState.from_map(outcomes[-1].state.to_map())
    return outcomes


def seen(found: Sequence[Alert]) -> list[tuple[Any, ...]]:
    """All of an alert but whose model it is."""
    return [
        (
            type(one),
            one.start_s,
            one.end_s,
            one.peak_s,
            one.peak_score,
            getattr(one, "reason", None),
        )
        for one in found
    ]


Steps = list[tuple[int, str, float, float, bool]]
"""Clips from the one before, the model in force, a score for each rule, and whether the record
comes once more, judged by the next model (as after kill -9 of judging, promoted meanwhile).
"""
level = st.sampled_from([H, H, M, L])
steps = st.lists(
    st.tuples(
        st.sampled_from([1, 1, 1, 1, 2, 4]), st.sampled_from(MODELS), level, level, st.booleans()
    ),
    min_size=1,
    max_size=40,
)


@given(steps, st.sampled_from([RULE, COOL]))
def test_promotion_and_rollback_anywhere_lose_and_double_no_alert(given: Steps, rule: Any) -> None:
    changing, alone, index = list[ClipJudged](), list[ClipJudged](), 0
    for moved, model, a, b, is_doubled in given:
        index += moved
        scores = {"a": a, "b": b}
        changing.append(judgement(index, model, scores))
        if is_doubled:
            after = MODELS[(MODELS.index(model) + 1) % len(MODELS)]
            changing.append(judgement(index, after, {"a": b, "b": a}))
        alone.append(judgement(index, "first", scores))
    last = {"is_last": True}
    changing.append(judgement(index + 1, "second", {"a": L, "b": L}, **last))
    alone.append(judgement(index + 1, "first", {"a": L, "b": L}, **last))
    found, expected = alerts(run(changing, rule)), alerts(run(alone, rule))
    assert seen(found) == seen(expected)
    by_id: dict[Any, list[Alert]] = {}
    for alert in found:
        by_id.setdefault(alert.alert_id, []).append(alert)
    for of_one in by_id.values():
        assert isinstance(of_one[0], AlertOpened)
        assert [type(one) for one in of_one].count(AlertOpened) == 1
        assert [type(one) for one in of_one].count(AlertClosed) == 1
        assert len({one.model_id for one in of_one}) == 1


def test_an_open_episode_stays_the_alert_of_the_model_that_opened_it() -> None:
    outcomes = run(
        [
            *(judgement(n, "first", {"a": H}) for n in range(2)),
            *(judgement(n, "second", {"a": H}) for n in range(2, 4)),
            *(judgement(n, "third", {"a": L}) for n in range(4, 6)),
        ]
    )
    found = alerts(outcomes)
    assert kinds(outcomes) == ["AlertOpened", "subsided"]
    assert {alert.model_id for alert in found} == {"first-a"}
    assert len({alert.alert_id for alert in found}) == 1


def test_the_latest_windows_count_across_a_replacement() -> None:
    """Two of three are enough, whoever saw the first."""
    outcomes = run([judgement(0, "first", {"a": H}), judgement(1, "second", {"a": H})])
    assert [alert.model_id for alert in alerts(outcomes)] == ["second-a"]


def test_a_rule_that_the_new_detector_has_not_is_closed_as_replaced() -> None:
    outcomes = run(
        [
            *(judgement(n, "first", {"a": H, "b": H}) for n in range(2)),
            judgement(2, "second", {"a": H}),
        ]
    )
    assert kinds(outcomes) == ["AlertOpened", "AlertOpened", "replaced"]
    assert [one.model_id for one in alerts(outcomes)][-1] == "first-b"


@given(steps)
def test_every_score_names_its_model_and_its_run(given: Steps) -> None:
    index, messages = 0, []
    for moved, model, a, b, _ in given:
        index += moved
        messages.append(judgement(index, model, {"a": a, "b": b}, run=f"shadow-{model}"))
    for message in messages:
        score = step(None, message, terms(), (BACKBONE,)).score
        assert score is not None
        assert (score.run, score.detector) == (message.run, message.detector)
        assert [head.model_id for head in score.heads] == [head.model_id for head in message.heads]
