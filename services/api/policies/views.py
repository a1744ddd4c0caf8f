"""What the API tells of policies: as they were entered, and what is in force for a source."""

from datetime import date, datetime
from uuid import UUID

from pydantic import Field

from schemas.alerts import AlertKind, Severity
from schemas.hours import StoreHours
from schemas.policies import PersistenceRule, PresenceRule, RuleName
from schemas.sources import Zone
from services.api.policies.entry import EXAMPLE, Policy
from services.api.policies.resolving import Origin, Scope
from services.api.view import EXAMPLE_ID, EXAMPLE_WHEN, View, example


class PolicyView(View):
    """A policy as it was entered. Where none was, it is empty and inherits all."""

    scope: Scope
    scope_id: UUID = Field(description="of the tenant, the store or the source")
    policy: Policy
    changed_at: datetime | None = Field(description="null where none was ever entered")
    changed_by: str = Field(description="a mail address, or the name of a key")
    pending: int = Field(
        description="of so many sources the services do not know yet what is in force by now"
    )

    model_config = example(
        {
            "scope": "store",
            "scope_id": EXAMPLE_ID,
            "policy": EXAMPLE,
            "changed_at": EXAMPLE_WHEN,
            "changed_by": "owner@example.org",
            "pending": 0,
        }
    )

    @property
    def etag(self) -> str:
        """Of the policy, and after the dash of how far it is known: a change compares the first."""
        return f'"{version_of(self.changed_at)}-{self.pending}"'


def version_of(changed_at: datetime | None) -> str:
    """Another for each change: their moments only grow."""
    return f"{changed_at.timestamp():.6f}" if changed_at else "none"


class RuleInForce(View):
    """A rule on a head's score, and where it was entered; `default` is that of the head itself."""

    rule: PersistenceRule
    origin: Origin
    muted_by: Scope | None = Field(description="muted there, it raises no alerts here")


class PresenceInForce(View):
    rule: PresenceRule
    origin: Scope
    muted_by: Scope | None = Field(description="muted there, it raises no alerts here")


class MutedName(View):
    """A name that is muted and that no rule has: a health condition, or a head not known here."""

    name: RuleName
    muted_by: Scope


class EffectivePolicyView(View):
    """All that is in force for a source, inheritance resolved."""

    source_id: UUID
    rules: list[RuleInForce]
    presence: list[PresenceInForce]
    muted: list[MutedName]
    hours: StoreHours = Field(description="of the store to which the source belongs")
    zones: tuple[Zone, ...] = Field(description="of the camera, of which rules may speak")
    snoozed_until: datetime | None = Field(description="nobody is notified before")
    faults: list[str] = Field(description="what cannot work as it was meant, a sentence each")
    is_announced: bool = Field(
        description="the services know of it as it is; of a video after its first day never"
    )

    model_config = example(
        {
            "source_id": EXAMPLE_ID,
            "rules": [{"rule": EXAMPLE["rules"][0], "origin": "store", "muted_by": "source"}],
            "presence": [
                {"rule": EXAMPLE["presence"][0], "origin": "tenant", "muted_by": "source"}
            ],
            "muted": [{"name": "overloaded", "muted_by": "tenant"}],
            "hours": {"time_zone": "Asia/Seoul"},
            "zones": [],
            "snoozed_until": EXAMPLE_WHEN,
            "faults": ["The store has no opening hours, so it never closes."],
            "is_announced": True,
        }
    )


class SnoozeView(View):
    source_id: UUID
    snoozed_until: datetime | None = Field(description="null: alerts notify as ever")

    model_config = example({"source_id": EXAMPLE_ID, "snoozed_until": EXAMPLE_WHEN})


class PreviewDay(View):
    """A day by the clock of the store, and how many alerts of a rule began on it."""

    day: date
    rule: RuleName
    would: int = Field(description="would have been raised")
    did: int = Field(description="were raised")

    model_config = example({"day": "2026-05-01", "rule": "fight", "would": 1, "did": 3})


class PreviewAlert(View):
    """An alert that would have been raised."""

    rule: RuleName
    label: str
    severity: Severity
    started_at: datetime
    ended_at: datetime
    peak_score: float | None = Field(description="null of a presence rule")

    model_config = example(
        {
            "rule": "fight",
            "label": "Possible fight",
            "severity": "critical",
            "started_at": EXAMPLE_WHEN,
            "ended_at": "2026-05-01T22:00:10Z",
            "peak_score": 0.97,
        }
    )


class PreviewSource(View):
    source_id: UUID
    name: str
    would: int = Field(description="alerts that would have been raised")
    did: int = Field(description="alerts that were raised")
    days: list[PreviewDay] = Field(description="with one alert at least, in order")
    alerts: list[PreviewAlert] = Field(description="the first fifty that would have been raised")

    model_config = example(
        {
            "source_id": EXAMPLE_ID,
            "name": "Till 1",
            "would": 1,
            "did": 3,
            "days": [{"day": "2026-05-01", "rule": "fight", "would": 1, "did": 3}],
            "alerts": [],
        }
    )


class LabelView(View):
    label: str = Field(description="as it stands in an alert, and in the `labels` of a target")
    kind: AlertKind


class LabelsView(View):
    """What alerts may be called."""

    items: list[LabelView]

    model_config = example({"items": [{"label": "Possible fight", "kind": "incident"}]})


class PreviewView(View):
    """What a policy would have raised, beside what was raised."""

    since: datetime
    until: datetime
    sources: list[PreviewSource]
    left_out: list[UUID] = Field(
        description="sources for which the work of one call did not suffice: ask for them again"
    )
    notes: list[str] = Field(description="what could not be replayed, or cannot work")

    model_config = example(
        {
            "since": "2026-05-01T00:00:00Z",
            "until": "2026-05-08T00:00:00Z",
            "sources": [],
            "left_out": [],
            "notes": ["Till 1: no poses are kept of this time, so night could not be replayed."],
        }
    )
