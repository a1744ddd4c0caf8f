"""What is told of calibrations: a message of the source as a whole when it changed, and drift as a
condition of the source. Pure (ADR 0052).
"""

import hashlib
from collections.abc import Callable, Mapping
from datetime import UTC, date, datetime, timedelta
from uuid import UUID

from schemas.calibrations import LearnedDay, ModelCalibration, SourceCalibrated, VerdictTaken
from schemas.codec import encode
from schemas.health import SourceHealth
from schemas.judgements import LIVE, ClipJudged
from services.rules.diary import PastDay
from services.rules.learning import Calibrated, mark
from services.rules.verdicts import Verdict, furthest
from services.scoring.episodes.budgets import Learned
from services.scoring.episodes.policy import Terms

TermsOf = Callable[[str], Mapping[str, Terms]]
"""The terms of a run as they were entered; empty for a run that is no more."""
NEVER = b""
EPOCH = date(1970, 1, 1)


def told_apart(before: Learned, after: Learned) -> bool:
    """Whether something that people are told changed: a day ended, a verdict came, a model came or
    went; not every clip that was looked at.
    """
    return before.keys() != after.keys() or any(
        kept.diary.days is not before[name].diary.days
        or kept.verdicts is not before[name].verdicts
        or kept.quiet.mark != before[name].quiet.mark
        for name, kept in after.items()
        if kept is not before[name]
    )


def calibrated(
    source_id: UUID, learned: Learned, terms_of: TermsOf, at: datetime
) -> SourceCalibrated:
    """The source's calibration, by run and model. One that another took the place of is kept for
    when it comes back, and told of no more once a day has passed without it.
    """
    found = []
    latest = max((kept.day for kept in learned.values()), default=0)
    for name, kept in sorted(learned.items()):
        if kept.day < latest - 1:
            continue
        run, _, model_id = name.partition("/")
        terms = terms_of(run).get(model_id)
        if terms is not None:
            found.append(_model(run, model_id, kept, terms))
    return SourceCalibrated(source_id=source_id, models=tuple(found), changed_at=at)


def digest(message: SourceCalibrated) -> bytes:
    """Of all but when it changed; NEVER where nothing is learned."""
    if not message.models:
        return NEVER
    content = message.model_copy(update={"changed_at": datetime.fromtimestamp(0, UTC)})
    return hashlib.sha256(encode(content)).digest()[:8]


def drift(
    before: SourceHealth | None, learned: Learned, judged: ClipJudged, terms: Mapping[str, Terms]
) -> SourceHealth | None:
    """The condition that now is of the live run: the one before where nothing changed, that one
    over where no model drifts any more, or a new one.
    """
    sentences = [
        _sentence(one, learned[f"{LIVE}/{name}"])
        for name, one in terms.items()
        if f"{LIVE}/{name}" in learned and learned[f"{LIVE}/{name}"].diary.drift
    ]
    is_on = before is not None and not before.is_over
    if bool(sentences) == is_on:
        return before
    at_s = judged.clips[-1].start_s
    if before is not None and is_on:
        since_s = (judged.moment(at_s) - before.origin_at).total_seconds()
        ended = {"is_over": True, "at_s": max(before.start_s, since_s), "cut_at": judged.cut_at}
        return before.model_copy(update=ended)
    return SourceHealth.model_validate(
        {
            **judged.provenance(),
            "condition": "calibration_drift",
            "start_s": at_s,
            "at_s": at_s,
            "detail": " ".join(sentences)[:500],
        }
    )


def _model(run: str, model_id: str, kept: Calibrated, terms: Terms) -> ModelCalibration:
    rule, diary = terms.rule, kept.diary
    by_days = rule.high if rule.budget_per_day is None else kept.quiet.mark
    return ModelCalibration(
        run=run,
        model_id=model_id,
        rule=rule.name,
        label=rule.label,
        budget_per_day=rule.budget_per_day,
        entered=rule.high,
        by_days=max(rule.high, min(by_days, furthest(rule))),
        in_force=mark(kept, rule),
        furthest=furthest(rule),
        since=_date(diary.since),
        days=tuple(map(_day, diary.days)),
        verdicts=tuple(_taken(verdict) for verdict in kept.verdicts if verdict.kind != "withdrawn"),
        drift=diary.drift or None,
        drift_since=_date(diary.drift_since),
    )


def _day(past: PastDay) -> LearnedDay:
    return LearnedDay(
        day=EPOCH + timedelta(days=past.day),
        level=past.level if past.level >= 0 else None,
        usual=past.usual,
        alarms=past.alarms,
        mark=past.mark,
    )


def _taken(verdict: Verdict) -> VerdictTaken:
    return VerdictTaken.model_validate(
        {
            "subject_id": UUID(bytes=verdict.subject),
            "kind": verdict.kind,
            "peak": verdict.peak,
            "reviewed_at": datetime.fromtimestamp(verdict.said_at, UTC),
        }
    )


def _sentence(terms: Terms, kept: Calibrated) -> str:
    rule, days = terms.rule, kept.diary.days[-3:]
    if kept.diary.drift == "scene":
        return f"{rule.label}: what is usual here scores otherwise than it did."
    rate = sum(past.alarms for past in days) / max(1, len(days))
    return (
        f"{rule.label}: {rate:.1f} alarms a day where {rule.budget_per_day:g} are allowed, "
        "and the mark may rise no further."
    )


def _date(day: int) -> date | None:
    return EPOCH + timedelta(days=day) if day >= 0 else None
