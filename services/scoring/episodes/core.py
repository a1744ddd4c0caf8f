"""Episodes: judgements of one source in one run, live or late, become scores and alerts.

`step` takes the next judgement. Clips judged before by the same detector change nothing, so a log
that is read twice gives the same. Another grid is another life of the source: open episodes close
and everything starts anew; lives follow one another in the order in which they arrive, since a
clock may go back. A life that was left is not entered again by what comes late.

A model that takes another's place goes on with what the other kept, where its scores go to a rule
of the same name: an open episode stays one alert, of the model and under the rule that opened it.
Pure (ADR 0047).
"""

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, replace

from schemas.alerts import Alert, ClosedReason
from schemas.clips import ClipRef
from schemas.judgements import ClipJudged
from schemas.policies import PersistenceRule
from schemas.scores import ClipScored
from services.rules.persistence import Change, Moment, advance, after_gap, close
from services.scoring.episodes.joining import noted
from services.scoring.episodes.messages import alerts, scored
from services.scoring.episodes.policy import Terms
from services.scoring.episodes.state import (
    LIVES_KEPT,
    DetectorState,
    Left,
    Life,
    ModelState,
    SourceState,
    altered,
)


@dataclass(frozen=True)
class Outcome:
    """The state that follows, and what is to be put out: alerts before the score that counts
    them.
    """

    state: SourceState
    alerts: tuple[Alert, ...] = ()
    score: ClipScored | None = None


@dataclass(frozen=True)
class Taken:
    """The state that follows a judgement, and what is new: alerts, and the clips that were not
    judged before. `is_over`: with it every detector of the run has given its last.
    """

    state: SourceState
    alerts: tuple[Alert, ...] = ()
    clips: Sequence[ClipRef] = ()
    is_over: bool = False


def step(
    state: SourceState | None,
    judged: ClipJudged,
    terms: Mapping[str, Terms],
    backbones: Collection[str],
    partition: int = 0,
) -> Outcome:
    """Take a judgement. `terms` by model id must hold all of its models (else KeyError);
    `backbones` are those of the run's detectors: when each has given its last, the score says so.
    """
    taken = take(state, judged, terms, backbones, partition)
    if not taken.clips:
        return Outcome(taken.state, taken.alerts)
    score = scored(judged, taken.clips, terms, taken.state)
    if taken.is_over:
        score = score.model_copy(update={"is_last": True})
    return Outcome(taken.state, taken.alerts, score)


def take(
    state: SourceState | None,
    judged: ClipJudged,
    terms: Mapping[str, Terms],
    backbones: Collection[str],
    partition: int = 0,
) -> Taken:
    """`step`, but for the score."""
    if state is None:
        state, closed = _born(judged, partition), list[Alert]()
    elif _is_of_left_life(state, judged):
        return Taken(state)
    else:
        state, closed = _enter(state, judged)
    detector = state.detector(judged.backbone)
    clips = [ref for ref in judged.clips if ref.index >= detector.next_index]
    if not clips:
        return Taken(state, tuple(closed))
    state = altered(state, cut_at=max(state.cut_at, judged.cut_at))
    models, replaced = _replace(state, detector, judged)
    models, found = _judge(state, models, (judged, clips), terms)
    opened = sum(alert.type_name() == "nightclerk.alert.opened.v1" for alert in found)
    detector = DetectorState(clips[-1].index + 1, judged.is_last, models)
    state = state.with_detector(judged.backbone, detector, opened)
    if replaced or found:
        openings = noted(state.openings, (*replaced, *found), clips[-1].end_s)
        state = altered(state, openings=openings)
    is_over = judged.is_last and all(state.detector(name).is_ended for name in backbones)
    return Taken(state, (*closed, *replaced, *found), clips, is_over)


def close_all(state: SourceState, reason: ClosedReason) -> Outcome:
    """End every open episode of the source."""
    found: list[Alert] = []
    detectors: dict[str, DetectorState] = {}
    for backbone, detector in state.detectors.items():
        models: dict[str, ModelState] = {}
        for model_id, model in detector.models.items():
            models[model_id], closed = _close(state, model, reason)
            found += closed
        detectors[backbone] = replace(detector, models=models)
    openings = noted(state.openings, found, state.next_index * state.life.spec.hop_s)
    return Outcome(replace(state, detectors=detectors, openings=openings), tuple(found))


def _born(judged: ClipJudged, partition: int) -> SourceState:
    return SourceState(
        source_id=judged.source_id,
        source_kind=judged.source_kind,
        is_wall_clock=judged.is_wall_clock,
        run=judged.run,
        life=Life(judged.origin_at, judged.spec),
        cut_at=judged.cut_at,
        partition=partition,
        is_late=judged.is_late,
    )


def _is_of_left_life(state: SourceState, judged: ClipJudged) -> bool:
    """Whether a judgement is of a life that the source has left. It enters that life again only
    with clips that are new there and were cut after all that came since.
    """
    left = _left(state, judged)
    if left is None:
        return False
    return judged.clips[-1].index < left.next_index or judged.cut_at <= state.cut_at


def _enter(state: SourceState, judged: ClipJudged) -> tuple[SourceState, list[Alert]]:
    """The life of the judgement: the same, or a new one, for which open episodes close."""
    life = Life(judged.origin_at, judged.spec)
    if life == state.life:
        return state, []
    again = _left(state, judged)
    lives = [one for one in state.left if one is not again]
    lives.append(Left(state.life, state.next_index))
    born = replace(
        _born(judged, state.partition),
        first_index=again.next_index if again else 0,
        left=tuple(lives[-LIVES_KEPT:]),
    )
    return born, list(close_all(state, "new_life").alerts)


def _left(state: SourceState, judged: ClipJudged) -> Left | None:
    life = Life(judged.origin_at, judged.spec)
    return next((one for one in state.left if one.life == life), None)


def _replace(
    state: SourceState, detector: DetectorState, judged: ClipJudged
) -> tuple[dict[str, ModelState], list[Alert]]:
    """The models that go on. One that judges no more hands what it kept to the model that judges
    for the rule of the same name; where there is none, it lets go of what it has open.
    """
    kept, found = dict[str, ModelState](), list[Alert]()
    heirs = {head.rule: head.model_id for head in judged.heads}
    for model in detector.models.values():
        if (heir := heirs.get(model.rule)) is not None:
            kept[heir] = model
        else:
            found += _close(state, model, "replaced")[1]
    return kept, found


def _judge(
    state: SourceState,
    models: dict[str, ModelState],
    fresh: tuple[ClipJudged, list[ClipRef]],
    terms: Mapping[str, Terms],
) -> tuple[dict[str, ModelState], list[Alert]]:
    """Each rule takes its head's score of each clip; at the end of the source all close."""
    judged, clips = fresh
    found: list[Alert] = []
    calibrated = [terms[head.model_id].knots.apply(head.score) for head in judged.heads]
    for clip in clips:
        for head, value in zip(judged.heads, calibrated, strict=True):
            model_id, now = head.model_id, Moment(clip.index, clip.start_s, clip.end_s, value)
            model = models.get(model_id) or ModelState(rule=head.rule)
            models[model_id], changes = _advance(model, model_id, now, terms[model_id], judged)
            for opened_as, rule, change in changes:
                found += alerts(state, opened_as, rule, (change,))
    if judged.is_last:
        for model_id, model in models.items():
            models[model_id], closed = _close(state, model, "source_ended")
            found += closed
    return models, found


def _advance(
    model: ModelState, model_id: str, now: Moment, terms: Terms, judged: ClipJudged
) -> tuple[ModelState, list[tuple[str, PersistenceRule, Change]]]:
    """The rule in force takes a clip, or that under which the open episode opened; the changes,
    each with the model whose alert it is and its rule.
    """
    state, rule, owner = model.state, terms.rule, model_id
    changes: list[tuple[str, PersistenceRule, Change]] = []
    if model.opened_by is not None:
        state, ended = after_gap(state, model.opened_by, now)
        changes += [(model.opened_as, model.opened_by, change) for change in ended]
        if state.episode:
            rule, owner = model.opened_by, model.opened_as
    may_open = now.calibrated < rule.high or _may_open(terms, now, judged)
    state, more = advance(state, rule, now, may_open)
    if more:
        changes += [(owner, rule, change) for change in more]
    if state.episode:
        return ModelState(state, rule, owner, model.rule), changes
    return ModelState(state, rule=model.rule), changes


def _may_open(terms: Terms, now: Moment, judged: ClipJudged) -> bool:
    """Asked of high clips alone. What nobody knows the time of is always within hours."""
    return terms.may_open(judged.moment(now.start_s) if judged.is_wall_clock else None)


def _close(
    state: SourceState, model: ModelState, reason: ClosedReason
) -> tuple[ModelState, list[Alert]]:
    if model.opened_by is None:
        return model, []
    closed, changes = close(model.state, model.opened_by, reason)
    kept = ModelState(closed, rule=model.rule)
    return kept, alerts(state, model.opened_as, model.opened_by, changes)
