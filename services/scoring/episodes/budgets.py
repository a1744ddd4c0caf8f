"""Budgets of alarms in the stream: what each model's scores of a camera teach, and the terms they
raise. Only cameras teach, and only by what is neither late nor of an unknown time. Pure.
"""

from collections.abc import Mapping
from dataclasses import replace

from schemas.judgements import ClipJudged
from services.rules.budget import Quiet, learn, raised
from services.rules.persistence import opening_level
from services.scoring.episodes.policy import Terms
from services.scoring.episodes.state import SourceState

Learned = Mapping[str, Quiet]
"""By run and model: `key`."""
NOTHING = Quiet()


def key(run: str, model_id: str) -> str:
    return f"{run}/{model_id}"


def has_budget(terms: Mapping[str, Terms]) -> bool:
    for one in terms.values():  # noqa: SIM110 - asked at every judgement: any() costs thrice as much
        if one.rule.budget_per_day is not None:
            return True
    return False


def marks(learned: Learned, run: str, terms: Mapping[str, Terms]) -> tuple[float, ...]:
    """What `raise_terms` depends on beside the terms."""
    return tuple(learned.get(key(run, name), NOTHING).mark for name in terms)


def raise_terms(learned: Learned, run: str, terms: Mapping[str, Terms]) -> Mapping[str, Terms]:
    """The terms with the marks that budgets ask for."""
    return {
        name: replace(one, rule=raised(one.rule, learned.get(key(run, name), NOTHING)))
        for name, one in terms.items()
    }


def learn_from(
    learned: Learned, judged: ClipJudged, state: SourceState, terms: Mapping[str, Terms]
) -> Learned:
    """What a judgement teaches, after it was taken; `terms` as they were entered. The same object
    where that is nothing. What was learned of models that are no more is forgotten.
    """
    if judged.source_kind != "camera" or judged.is_late or not judged.is_wall_clock:
        return learned
    at, after = judged.moment(judged.clips[-1].start_s), dict(learned)
    models = state.detector(judged.backbone).models
    for name, one in terms.items():
        place = key(judged.run, name)
        if one.rule.budget_per_day is None:
            after.pop(place, None)
        elif name in models and (recent := models[name].state.recent):
            level = opening_level(one.rule, recent)
            after[place] = learn(after.get(place, NOTHING), one.rule, at, level)
    is_same = len(after) == len(learned) and all(
        after[name] is kept for name, kept in learned.items() if name in after
    )
    return learned if is_same else _in_force(after, judged.run, terms)


def _in_force(learned: Learned, run: str, terms: Mapping[str, Terms]) -> Learned:
    names = {key(run, name) for name in terms}
    return {
        name: kept
        for name, kept in learned.items()
        if name in names or name.partition("/")[0] != run
    }
