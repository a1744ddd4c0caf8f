"""Inheritance: policies from far to near become what is in force for one source. Pure (ADR 0033).

Whatever is said of a rule's name nearest to the source counts, and nothing else of it: tenant,
then store, then the source itself. Rules on scores and on presence have names of their own each; a
name that is muted is muted in both.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Literal
from uuid import UUID

from schemas.hours import StoreHours
from schemas.policies import PersistenceRule, PolicySet, PresenceRule
from schemas.sources import Zone
from services.api.policies.entry import Policy

Scope = Literal["tenant", "store", "source"]
Origin = Literal["default", "tenant", "store", "source"]
SCOPES: tuple[Scope, ...] = ("tenant", "store", "source")


@dataclass(frozen=True)
class Place:
    """Of a source what its rules speak of, and how long nobody is to be notified."""

    hours: StoreHours = field(default_factory=StoreHours)
    zones: tuple[Zone, ...] = ()
    snoozed_until: datetime | None = None


@dataclass(frozen=True)
class Effective:
    """What is in force. By name: each rule with where it was entered, and what muted it."""

    rules: dict[str, tuple[PersistenceRule, Origin]]
    presence: dict[str, tuple[PresenceRule, Scope]]
    muted: dict[str, Scope]

    @property
    def is_default(self) -> bool:
        """Whether it is what a source without any policy has."""
        entered = any(origin != "default" for _, origin in self.rules.values())
        return not (entered or self.presence or self.muted)


def resolve(
    defaults: Iterable[PersistenceRule], layers: Sequence[tuple[Scope, Policy]]
) -> Effective:
    """`layers` from far to near; `defaults` are farther than all of them."""
    found = Effective({rule.name: (rule, "default") for rule in defaults}, {}, {})
    for scope, policy in layers:
        _lay_over(found, scope, policy)
    return found


def _lay_over(found: Effective, scope: Scope, policy: Policy) -> None:
    for rule in policy.rules:
        found.rules[rule.name] = rule, scope
    for watch in policy.presence:
        found.presence[watch.name] = watch, scope
    for name in (*policy.defined, *policy.unmuted):
        found.muted.pop(name, None)
    for name in policy.muted:
        found.muted[name] = scope


def policy_set(
    source_id: UUID, effective: Effective, place: Place, set_at: datetime
) -> PolicySet | None:
    """What `policies.v1` says of the source; None where the defaults are all there is to say."""
    is_usual = place.hours == StoreHours() and place.snoozed_until is None
    if effective.is_default and is_usual:
        return None
    muted = effective.muted
    return PolicySet(
        source_id=source_id,
        rules=tuple(rule for rule, origin in effective.rules.values() if origin != "default"),
        presence=tuple(rule for rule, _ in effective.presence.values() if rule.name not in muted),
        muted=tuple(sorted(muted)),
        hours=place.hours,
        zones=place.zones,
        snoozed_until=place.snoozed_until,
        set_at=set_at,
    )


def faults(effective: Effective, place: Place) -> list[str]:
    """What cannot work as it was meant, a sentence each."""
    zones = {zone.name for zone in place.zones}
    found = []
    for name, (rule, _) in effective.presence.items():
        if rule.zone is not None and rule.zone not in zones:
            found.append(f"{name}: there is no zone {rule.zone!r} here, so it never fires.")
        if rule.joined is not None and rule.joined not in effective.rules:
            found.append(f"{name}: no head is known whose rule is {rule.joined!r}.")
        if rule.joined in effective.muted:
            found.append(f"{name}: {rule.joined!r} is muted, so it never fires.")
    if place.hours.open is None:
        during = {rule.during for rule, _ in effective.rules.values()}
        during |= {rule.during for rule, _ in effective.presence.values()}
        if "closed" in during:
            found.append("The store has no opening hours, so it never closes.")
    return found
