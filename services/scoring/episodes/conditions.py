"""What is wrong with a source becomes alerts: conditions with their alerts, and when they flap.

A condition that is over and comes again within SETTLED_S goes on: its alert closes only once the
source was well for so long. In an hour of health at most MOST_AN_HOUR alerts open for a source,
whatever befalls it; a condition that lasts opens its alert when there is room again. Times are the
messages' own, so the same messages give the same alerts. Pure (ADR 0028).
"""

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from typing import NamedTuple, Self

from schemas.alerts import Severity
from schemas.health import Condition, SourceHealth
from schemas.judgements import ClipJudged
from schemas.policies import PolicySet
from services.rules.conditions import KINDS, Kind

SETTLED_S = 120.0
MOST_AN_HOUR = 4
HOUR = timedelta(hours=1)
UNREPORTED_S: Mapping[Condition, float] = {
    "offline": 30.0,
    **dict.fromkeys(
        ("frozen", "dark", "covered", "blurred", "moved", "still", "overloaded"), 300.0
    ),
}
"""A clip that begins so long after the latest report shows that the condition is over: a camera
that gives clips is not offline, and others are reported again each minute.
"""
ALL = "health"
"""Muted by this name, no condition of the source raises alerts."""


@dataclass(frozen=True)
class Ailment:
    """A condition that is on, or was until a moment ago. `first` began the alert, `latest` is the
    message of its latest beginning or end.
    """

    first: SourceHealth
    latest: SourceHealth
    severity: Severity
    label: str
    has_alert: bool = False

    @property
    def ended_at(self) -> datetime | None:
        return moment(self.latest) if self.latest.is_over else None

    @property
    def end_s(self) -> float:
        """Seconds from the origin of the alert, whatever grid the end lies on."""
        end_s = (moment(self.latest) - self.first.origin_at).total_seconds()
        return max(self.first.start_s, end_s)


@dataclass(frozen=True)
class Health:
    """All that is wrong with one source, and when its latest alerts opened."""

    ailments: Mapping[str, Ailment] = field(default_factory=dict)
    opened_at: tuple[datetime, ...] = ()

    def with_ailment(self, ailment: Ailment) -> Self:
        return replace(self, ailments={**self.ailments, ailment.first.condition: ailment})

    def without(self, condition: str) -> Self:
        return replace(
            self, ailments={name: one for name, one in self.ailments.items() if name != condition}
        )

    def has_room(self, now: datetime) -> bool:
        """A moment that lies far ahead is of a clock that was wrong, and counts no more."""
        return len(self.recent(now)) < MOST_AN_HOUR

    def recent(self, now: datetime) -> tuple[datetime, ...]:
        """When alerts opened within an hour."""
        return tuple(at for at in self.opened_at if abs(now - at) < HOUR)


WELL = Health()


class Turn(NamedTuple):
    """What follows: the ailments whose alerts open, and those whose alerts close."""

    health: Health
    opened: tuple[Ailment, ...] = ()
    closed: tuple[Ailment, ...] = ()


def hear(health: Health, message: SourceHealth, policy: PolicySet | None) -> Turn:
    """A condition began, goes on, or is over. What ended long before it has its alert closed."""
    settled = settle(health, moment(message))
    ailment = settled.health.ailments.get(message.condition)
    if ailment is None:
        return _joined(settled, _begin(settled.health, message, policy))
    if _is_overtaken(message, ailment.latest):
        return settled
    health = settled.health.with_ailment(replace(ailment, latest=message))
    return _joined(settled, _open_due(health, moment(message)))


def settle(health: Health, now: datetime) -> Turn:
    """Time passes: alerts close of what is over for long, and open where there was no room."""
    closed = []
    recent = health.recent(now)
    if len(recent) < len(health.opened_at):
        health = replace(health, opened_at=recent)
    for condition, ailment in health.ailments.items():
        ended_at = ailment.ended_at
        if ended_at is not None and abs(now - ended_at) >= timedelta(seconds=SETTLED_S):
            closed.append(ailment)
            health = health.without(condition)
    turn = _open_due(health, now)
    return turn._replace(closed=tuple(one for one in closed if one.has_alert))


def end_all(health: Health) -> Turn:
    """The source is paused: nothing is wrong with what nobody watches."""
    closed = tuple(ailment for ailment in health.ailments.values() if ailment.has_alert)
    return Turn(replace(health, ailments={}), closed=closed)


def see(health: Health, judged: ClipJudged) -> Health:
    """A clip was judged that was cut live: what should have been reported since and was not is
    over. Whoever reported it died before it could say so.
    """
    if judged.is_late or not health.ailments:
        return health
    seen_at = judged.moment(judged.clips[-1].start_s)
    for ailment in health.ailments.values():
        latest, bound_s = ailment.latest, UNREPORTED_S.get(ailment.first.condition)
        unreported_s = (seen_at - moment(latest)).total_seconds()
        if bound_s is not None and not latest.is_over and unreported_s >= bound_s:
            at_s = latest.at_s + unreported_s
            over = latest.model_copy(update={"is_over": True, "at_s": at_s})
            health = health.with_ailment(replace(ailment, latest=over))
    return health


def _begin(health: Health, message: SourceHealth, policy: PolicySet | None) -> Turn:
    kind = kind_of(message.condition, policy)
    is_moment = message.condition == "clock_stepped"
    if kind.severity is None or (message.is_over and not is_moment):
        return Turn(health)
    ailment = Ailment(message, message, kind.severity, kind.label)
    return _open_due(health.with_ailment(ailment), moment(message))


def kind_of(condition: Condition, policy: PolicySet | None) -> Kind:
    """By the table, or as a rule of the policy says that has the condition's name."""
    kind = KINDS[condition]
    if policy is None:
        return kind
    if condition in policy.muted or ALL in policy.muted:
        return Kind(kind.label, None)
    for rule in policy.rules:
        if rule.name == condition:
            return Kind(rule.label or kind.label, rule.severity)
    return kind


def moment(message: SourceHealth) -> datetime:
    """When what it reports was so."""
    return message.moment(message.at_s)


def _open_due(health: Health, now: datetime) -> Turn:
    opened = []
    for ailment in health.ailments.values():
        is_wanted = not ailment.has_alert and (ailment.ended_at is None or _is_moment(ailment))
        if is_wanted and health.has_room(now):
            ailment = replace(ailment, has_alert=True)
            health = replace(health.with_ailment(ailment), opened_at=(*health.opened_at, now))
            opened.append(ailment)
    return Turn(health, tuple(opened))


def _is_moment(ailment: Ailment) -> bool:
    return ailment.first.is_over


def _is_overtaken(message: SourceHealth, latest: SourceHealth) -> bool:
    """Whether it is of a beginning after which the condition began again."""
    return message.origin_at == latest.origin_at and message.start_s < latest.start_s


def _joined(first: Turn, second: Turn) -> Turn:
    return Turn(second.health, first.opened + second.opened, first.closed + second.closed)
