"""Judgements of one model or several, and the terms they are measured by."""

from collections.abc import Iterable, Sequence
from datetime import datetime, timedelta
from typing import Any

from schemas.alerts import Alert, AlertClosed
from schemas.judgements import ClipJudged, HeadJudgement
from schemas.policies import PersistenceRule
from schemas.scores import ClipScored
from services.scoring.episodes.core import Outcome, step
from services.scoring.episodes.policy import Knots, Terms
from services.scoring.episodes.state import SourceState
from tests.builders import ORIGIN, judged

RULE = PersistenceRule(name="fight", label="Possible fight", high=0.9, low=0.5, k=2, n=3, m=2)
H, M, L = 0.95, 0.7, 0.1
BACKBONE = "i3d_k400"


def terms(*models: str, **more: Any) -> dict[str, Terms]:
    """Raw scores are calibrated ones; each model has a rule of its own name."""
    return {
        model: Terms(RULE.model_copy(update={"name": model, **more}), Knots((0.0, 1.0), (0.0, 1.0)))
        for model in models or ("test",)
    }


def judgements(
    scores: Sequence[float], start: int = 0, model: str = "test", **more: Any
) -> list[ClipJudged]:
    """A clip each, cut as time goes on."""
    return [
        judgement(start + n, {model: score}, cut_at=cut_at(start + n), **more)
        if "cut_at" not in more
        else judgement(start + n, {model: score}, **more)
        for n, score in enumerate(scores)
    ]


def judgement(index: int, scores: dict[str, float], **more: Any) -> ClipJudged:
    heads = tuple(
        HeadJudgement(head="linear", model_id=model, rule=model, score=score)
        for model, score in scores.items()
    )
    return judged(index, heads=heads, **more)


def cut_at(index: int) -> datetime:
    return ORIGIN + timedelta(seconds=index * 16 / 15)


def run(
    messages: Iterable[ClipJudged],
    state: SourceState | None = None,
    in_force: dict[str, Terms] | None = None,
    backbones: Sequence[str] = (BACKBONE,),
) -> tuple[SourceState, list[Outcome]]:
    outcomes = []
    for message in messages:
        outcomes.append(step(state, message, in_force or terms(), backbones))
        state = outcomes[-1].state
    assert state is not None
    return state, outcomes


def alerts(outcomes: Iterable[Outcome]) -> list[Alert]:
    return [alert for outcome in outcomes for alert in outcome.alerts]


def kinds(outcomes: Iterable[Outcome]) -> list[str]:
    return [
        alert.reason if isinstance(alert, AlertClosed) else type(alert).__name__
        for alert in alerts(outcomes)
    ]


def scores(outcomes: Iterable[Outcome]) -> list[ClipScored]:
    return [outcome.score for outcome in outcomes if outcome.score is not None]
