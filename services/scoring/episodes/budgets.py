"""What each model's scores of a camera teach in the stream, and the terms that it moves. Only
cameras teach, and only by what is neither late nor of an unknown time. Pure.
"""

from collections.abc import Collection, Mapping
from dataclasses import replace

from schemas.judgements import ClipJudged
from services.rules.budget import DAY_S
from services.rules.learning import (
    NOTHING,
    Calibrated,
    Stamp,
    count_alarm,
    hear,
    in_force,
    learn,
    stamp,
)
from services.rules.persistence import opening_level
from services.rules.verdicts import Verdict
from services.scoring.episodes.policy import Terms
from services.scoring.episodes.state import SourceState

Learned = Mapping[str, Calibrated]
"""By run and model: `key`."""
FORGOTTEN_DAYS = 28
"""What was learned of a model is kept so long after its latest clip, for when it comes back."""


def key(run: str, model_id: str) -> str:
    return f"{run}/{model_id}"


def has_budget(terms: Mapping[str, Terms]) -> bool:
    for one in terms.values():  # noqa: SIM110 - asked at every judgement: any() costs thrice as much
        if one.rule.budget_per_day is not None:
            return True
    return False


def marks(learned: Learned, run: str, terms: Mapping[str, Terms]) -> tuple[Stamp, ...]:
    """What `raise_terms` depends on beside the terms."""
    return tuple(stamp(learned.get(key(run, name), NOTHING)) for name in terms)


def raise_terms(learned: Learned, run: str, terms: Mapping[str, Terms]) -> Mapping[str, Terms]:
    """The terms with the marks that days and verdicts ask for."""
    return {
        name: replace(one, rule=in_force(learned.get(key(run, name), NOTHING), one.rule))
        for name, one in terms.items()
    }


def learn_from(
    learned: Learned, judged: ClipJudged, state: SourceState, terms: Mapping[str, Terms]
) -> Learned:
    """What a judgement teaches, after it was taken; `terms` as they were entered. The same object
    where that is nothing. A rule whose budget was taken away learns no more of its days, and what
    was learned of a model that judged nothing for long is forgotten.
    """
    if judged.source_kind != "camera" or judged.is_late or not judged.is_wall_clock:
        return learned
    at, after = judged.moment(judged.clips[-1].start_s), dict(learned)
    models = state.detector(judged.backbone).models
    for name, one in terms.items():
        place = key(judged.run, name)
        kept = after.get(place, NOTHING)
        if one.rule.budget_per_day is None and not kept.verdicts:
            after.pop(place, None)
        elif name in models and (recent := models[name].state.recent):
            level = opening_level(one.rule, recent)
            after[place] = learn(kept, one.rule, at, level)
    is_same = len(after) == len(learned) and all(
        after[name] is kept for name, kept in learned.items() if name in after
    )
    return learned if is_same else _without_old(after, int(at.timestamp()) // DAY_S)


def with_alarms(learned: Learned, run: str, model_ids: Collection[str]) -> Learned:
    """These models opened an alarm each."""
    counted = {
        place: count_alarm(learned[place])
        for place in (key(run, name) for name in model_ids)
        if place in learned
    }
    return {**learned, **counted} if counted else learned


def with_verdict(learned: Learned, run: str, model_id: str, verdict: Verdict) -> Learned:
    """The same object where the verdict changes nothing."""
    place = key(run, model_id)
    before = learned.get(place, NOTHING)
    after = hear(before, verdict)
    return learned if after is before else {**learned, place: after}


def _without_old(learned: Learned, today: int) -> Learned:
    return {name: kept for name, kept in learned.items() if today - kept.day < FORGOTTEN_DAYS}
