"""A value of the stream's table: a source's policies, what is wrong with it, its
states in each run, live and late, and what presence rules keep of it.

Only another `VERSION` starts anew.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime
from typing import Any, Self

import msgpack

from schemas.codec import DecodeError, decode, encode
from schemas.health import SourceHealth
from schemas.policies import PolicySet
from schemas.topics import HEALTH, POLICIES
from services.chassis.telemetry import logs
from services.rules.budget import Quiet
from services.rules.diary import Diary, PastDay
from services.rules.learning import Calibrated
from services.rules.verdicts import Verdict
from services.scoring.episodes.budgets import Learned
from services.scoring.episodes.conditions import WELL, Ailment, Health
from services.scoring.episodes.state import Name, SourceState, altered
from services.scoring.episodes.watched import WatchedSource

VERSION = 2
log = logs.get("episodes")


@dataclass(frozen=True)
class Kept:
    """All that is kept under a source's id."""

    policy: PolicySet | None = None
    runs: Mapping[Name, SourceState] = field(default_factory=dict)
    health: Health = WELL
    watched: Mapping[bool, WatchedSource] = field(default_factory=dict)
    """What presence rules keep of the live run: by whether it came late."""
    learned: Learned = field(default_factory=dict)
    """Of quiet scores and verdicts. It outlives lives, and silence: only a source that is removed
    takes it along."""
    drift: SourceHealth | None = None
    """Whether what was learned drifts, as it was put out last."""
    calibrated: bytes = b""
    """The digest of the calibration that was put out last."""
    packed_policy: bytes | None = field(default=None, compare=False, repr=False)
    """The policy as it is written, so that it is not packed anew with every batch."""

    @property
    def is_empty(self) -> bool:
        is_idle = not (self.runs or self.watched)
        return self.policy is None and is_idle and self.health == WELL and not self.learned

    def with_watched(self, source: WatchedSource) -> Self:
        return replace(self, watched={**self.watched, source.is_late: source})

    def with_policy(self, policy: PolicySet | None) -> Self:
        packed = encode(policy) if policy else None
        return replace(self, policy=policy, packed_policy=packed)

    def with_run(self, state: SourceState) -> Self:
        return altered(self, runs={**self.runs, state.name: state})

    def pack(self) -> bytes:
        content = {
            "version": VERSION,
            "policy": self.packed_policy or (encode(self.policy) if self.policy else None),
            "health": _packed_health(self.health),
            "runs": [state.to_map() for state in self.runs.values()],
            "learned": {name: _packed_learned(one) for name, one in self.learned.items()},
            "drift": encode(self.drift) if self.drift else None,
            "calibrated": self.calibrated,
            "watched": [source.to_map() for source in self.watched.values()],
        }
        packed: bytes = msgpack.packb(content)
        return packed

    @classmethod
    def unpack(cls, packed: bytes) -> Self:
        """What `pack` gave. What another version wrote, or nobody, starts anew."""
        try:
            content = msgpack.unpackb(packed)
            if content["version"] == VERSION:
                return cls._from_map(content)
        except (ValueError, TypeError, KeyError, LookupError, msgpack.UnpackException):
            pass
        log.warning("a state of another version starts anew", bytes=len(packed))
        return cls()

    @classmethod
    def _from_map(cls, content: Mapping[str, object]) -> Self:
        policy, runs = content.get("policy"), content["runs"]
        assert isinstance(runs, list)
        states = [SourceState.from_map(content) for content in runs]
        sources = [WatchedSource.from_map(one) for one in _list(content.get("watched"))]
        return cls(
            policy=(found := _policy(policy)),
            packed_policy=policy if found and isinstance(policy, bytes) else None,
            health=_health(content.get("health")),
            runs={state.name: state for state in states},
            watched={source.is_late: source for source in sources},
            learned=_learned(content.get("learned")),
            drift=_drift(content.get("drift")),
            calibrated=bytes(content.get("calibrated") or b""),  # type: ignore[call-overload]
        )


def _list(content: object) -> list[Any]:
    return content if isinstance(content, list) else []


UNIT = 10_000
"""Levels of past days are kept as whole numbers: they are many, and written with every batch."""


def _packed_learned(kept: Calibrated) -> dict[str, Any]:
    diary = kept.diary
    packed: dict[str, Any] = {"quiet": list(kept.quiet)}
    if diary != Diary():
        days = [
            (past.day, _whole(past.level), _whole(past.usual), past.alarms, _whole(past.mark))
            for past in diary.days
        ]
        packed["diary"] = list(diary._replace(days=tuple(map(PastDay._make, days))))
    if kept.verdicts:
        packed["verdicts"] = [list(verdict) for verdict in kept.verdicts]
    return packed


def _learned(content: object) -> Learned:
    if not isinstance(content, dict):
        return {}
    return {name: _calibrated(one) for name, one in content.items() if isinstance(one, dict)}


def _calibrated(content: Mapping[str, Any]) -> Calibrated:
    block, top, tops, blocks, days, mark, *_ = content["quiet"]
    quiet = Quiet(block, top, tuple(tops), blocks, tuple(days), mark)
    verdicts = tuple(Verdict(*one[:4]) for one in content.get("verdicts", ()))
    return Calibrated(quiet, _diary(content.get("diary")), verdicts)


def _diary(content: Any) -> Diary:
    if content is None:
        return Diary()
    diary = Diary(*content[: len(Diary._fields)])
    days = (
        PastDay(day, level / UNIT, usual / UNIT, alarms, mark / UNIT)
        for day, level, usual, alarms, mark in diary.days
    )
    return diary._replace(bins=tuple(diary.bins), days=tuple(days))


def _whole(level: float) -> int:
    return round(level * UNIT)


def _drift(packed: object) -> SourceHealth | None:
    message = decode(HEALTH, packed) if isinstance(packed, bytes) else None
    return message if isinstance(message, SourceHealth) else None


def _packed_health(health: Health) -> dict[str, Any]:
    return {
        "opened_at": [at.timestamp() for at in health.opened_at],
        "ailments": [
            {
                "first": encode(one.first),
                "latest": encode(one.latest),
                "severity": one.severity,
                "label": one.label,
                "has_alert": one.has_alert,
            }
            for one in health.ailments.values()
        ],
    }


def _health(content: Any) -> Health:
    ailments = [_ailment(one) for one in content["ailments"]]
    return Health(
        {ailment.first.condition: ailment for ailment in ailments},
        tuple(datetime.fromtimestamp(at, UTC) for at in content["opened_at"]),
    )


def _ailment(content: Any) -> Ailment:
    first, latest = decode(HEALTH, content["first"]), decode(HEALTH, content["latest"])
    assert isinstance(first, SourceHealth)
    assert isinstance(latest, SourceHealth)
    return Ailment(first, latest, content["severity"], content["label"], content["has_alert"])


def _policy(packed: object) -> PolicySet | None:
    if not isinstance(packed, bytes):
        return None
    try:
        message = decode(POLICIES, packed)
    except DecodeError:
        return None
    return message if isinstance(message, PolicySet) else None
