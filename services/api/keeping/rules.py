"""How long what is kept, and how much of it: by the machine, a tenant, a store.

The nearest rule holds, and none outlasts the machine's settings: they are what its disks were
bought for, and what its operator answers for. Pure.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import timedelta
from typing import Annotated, Any, Literal, get_args

from pydantic import BaseModel, ConfigDict, Field

from services.api.config import Keeping

Kind = Literal["recordings", "evidence", "uploads", "scores", "alerts", "archive"]
KINDS: tuple[Kind, ...] = get_args(Kind)
MEASURED: tuple[Kind, ...] = ("recordings", "evidence", "uploads")
"""What lies in the object store, and so may be bounded by size."""

Origin = Literal["machine", "tenant", "store"]
GB = 10**9
Days = Annotated[float, Field(gt=0, le=36_500)]
Gigabytes = Annotated[float, Field(gt=0, le=10_000_000)]


class AgeBound(BaseModel):
    """null is inherited."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    days: Days | None = None


class Bound(AgeBound):
    """`gb` is 10⁹ bytes of all that the tenant, or the store, has; the oldest goes first."""

    gb: Gigabytes | None = None


EXAMPLE: dict[str, Any] = {
    "recordings": {"days": 14, "gb": 2000},
    "evidence": {"days": 60},
    "alerts": {"days": 365},
}


class RetentionRules(BaseModel):
    """What is different here from what is inherited.

    `recordings` and `uploads` are video, `evidence` is what is kept of alerts, `scores` are those
    clip by clip, `alerts` are alerts with their reviews and deliveries, conditions of cameras, and
    scores by minute and hour, `archive` are embeddings and poses in the object store.
    """

    model_config = ConfigDict(
        frozen=True, extra="forbid", json_schema_extra={"examples": [EXAMPLE]}
    )

    recordings: Bound = Bound()
    evidence: Bound = Bound()
    uploads: Bound = Bound()
    scores: AgeBound = AgeBound()
    alerts: AgeBound = AgeBound()
    archive: AgeBound = AgeBound()

    def days(self, kind: Kind) -> float | None:
        bound: AgeBound = getattr(self, kind)
        return bound.days

    def gb(self, kind: Kind) -> float | None:
        bound: AgeBound = getattr(self, kind)
        return bound.gb if isinstance(bound, Bound) else None


NO_RULES = RetentionRules()


@dataclass(frozen=True)
class InForce:
    """What holds for a kind, and who says so. None: no bound."""

    days: float | None
    gb: float | None
    days_from: Origin = "machine"
    gb_from: Origin = "machine"


class Exceeds(ValueError):
    """A rule asks for more than the machine keeps. The text is one sentence."""


def machine_days(keeping: Keeping, kind: Kind) -> float | None:
    """None: for ever."""
    spans: dict[Kind, timedelta | None] = {
        "recordings": keeping.recordings,
        "evidence": keeping.evidence,
        "uploads": keeping.videos,
        "scores": keeping.scores,
        "alerts": keeping.maxima,
        "archive": keeping.archive,
    }
    span = spans[kind]
    return None if span is None else span / timedelta(days=1)


def machine_gb(keeping: Keeping, kind: Kind) -> float | None:
    """Of one tenant. None: no bound."""
    return keeping.gigabytes.get(kind) or None


def in_force(keeping: Keeping, kind: Kind, layers: Mapping[Origin, RetentionRules]) -> InForce:
    """`layers` are the rules of the tenant and of the store, as far as there are any."""
    days, gb = machine_days(keeping, kind), machine_gb(keeping, kind)
    found = InForce(days, gb)
    for origin in ("tenant", "store"):
        rules = layers.get(origin, NO_RULES)
        if (own := rules.days(kind)) is not None:
            found = InForce(_least(own, days), found.gb, origin, found.gb_from)
        if (own := rules.gb(kind)) is not None:
            found = InForce(found.days, _least(own, gb), found.days_from, origin)
    return found


def require_within(keeping: Keeping, rules: RetentionRules) -> None:
    """Raises Exceeds."""
    for kind in KINDS:
        for unit, asked, most in (
            ("days", rules.days(kind), machine_days(keeping, kind)),
            ("GB", rules.gb(kind), machine_gb(keeping, kind)),
        ):
            if asked is not None and most is not None and asked > most:
                raise Exceeds(
                    f"{kind}: {asked:g} {unit} is more than this machine keeps, {most:g} {unit}."
                )


def _least(own: float, machine: float | None) -> float:
    return own if machine is None else min(own, machine)
