"""All that episodes keep of one source in one run: of what is live of it, or of what is late.

Stored as a map with names, so that a reader passes over what it does not know: a field more is no
reason to forget what is open.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime
from functools import lru_cache
from typing import Any, Self, TypeVar
from uuid import UUID

from schemas.clips import ClipSpec, SourceKind
from schemas.policies import PersistenceRule
from services.rules.persistence import Episode, Moment, RuleState
from services.scoring.episodes.joining import Opening

Name = tuple[str, bool]
"""Of a state among those of its source: the run, and whether what it was made of came late."""
FRESH = RuleState()
T = TypeVar("T")
LIVES_KEPT = 8


def altered(before: T, **changes: Any) -> T:
    """`dataclasses.replace`, of a class that is frozen and checks nothing: that sets field by
    field, which took a tenth of the time of episodes.
    """
    after = object.__new__(type(before))
    after.__dict__.update(before.__dict__, **changes)
    return after


@dataclass(frozen=True)
class Life:
    """One grid of the source."""

    origin_at: datetime
    spec: ClipSpec


@dataclass(frozen=True)
class Left:
    """A life that the source has left, and the first clip that was not judged in it."""

    life: Life
    next_index: int


@dataclass(frozen=True)
class ModelState:
    """What the rule of one model keeps. `opened_by` is the rule under which the open episode
    opened, and goes on to its end, whatever is in force by then; None while none is open.
    `opened_as` is the model whose alert that is: another may have taken its place since.
    """

    state: RuleState = FRESH
    opened_by: PersistenceRule | None = None
    opened_as: str = ""
    rule: str = ""
    """The name of the rule that the model's scores go to."""


@dataclass(frozen=True)
class DetectorState:
    """How far one backbone's detector has judged."""

    next_index: int = 0
    is_ended: bool = False
    """Whether it has judged the last clip of an upload."""
    models: Mapping[str, ModelState] = field(default_factory=dict)


@dataclass(frozen=True)
class SourceState:
    """The life that the source is in, what each detector made of it, and lives before it."""

    source_id: UUID
    source_kind: SourceKind
    is_wall_clock: bool
    run: str
    life: Life
    cut_at: datetime
    """The latest clip's; never goes back within a life."""
    partition: int = 0
    is_late: bool = False
    first_index: int = 0
    """Clips before it were judged when the source was in this life before."""
    alerts_opened: int = 0
    """In this life, by all models."""
    detectors: Mapping[str, DetectorState] = field(default_factory=dict)
    """By backbone."""
    left: tuple[Left, ...] = ()
    openings: tuple[Opening, ...] = ()
    """When rules had episodes open in this life, lately."""

    @property
    def through_s(self) -> float:
        """Through which second of the life every detector has judged."""
        reached = [detector.next_index for detector in self.detectors.values()]
        return min(reached, default=0) * self.life.spec.hop_s

    @property
    def name(self) -> "Name":
        return self.run, self.is_late

    @property
    def next_index(self) -> int:
        """The first clip that no detector has judged in this life."""
        reached = [detector.next_index for detector in self.detectors.values()]
        return max(reached, default=self.first_index)

    @property
    def has_open(self) -> bool:
        return any(
            model.state.episode is not None
            for detector in self.detectors.values()
            for model in detector.models.values()
        )

    def detector(self, backbone: str) -> DetectorState:
        return self.detectors.get(backbone) or DetectorState(self.first_index)

    @property
    def is_ended(self) -> bool:
        """Whether every detector that judged has judged the last clip."""
        return bool(self.detectors) and all(one.is_ended for one in self.detectors.values())

    def with_detector(self, backbone: str, detector: DetectorState, opened: int) -> Self:
        return altered(
            self,
            detectors={**self.detectors, backbone: detector},
            alerts_opened=self.alerts_opened + opened,
        )

    def to_map(self) -> dict[str, Any]:
        """Plain types, for msgpack."""
        return {
            "source_id": self.source_id.bytes,
            "source_kind": self.source_kind,
            "is_wall_clock": self.is_wall_clock,
            "run": self.run,
            "life": map_of_life(self.life),
            "cut_at": self.cut_at.timestamp(),
            "partition": self.partition,
            "is_late": self.is_late,
            "first_index": self.first_index,
            "alerts_opened": self.alerts_opened,
            "detectors": {name: _pack_detector(one) for name, one in self.detectors.items()},
            "openings": [list(one) for one in self.openings],
            "left": [[map_of_life(one.life), one.next_index] for one in self.left],
        }

    @classmethod
    def from_map(cls, content: Mapping[str, Any]) -> Self:
        """What `to_map` gave. Names it does not know are passed over; raises KeyError for a
        missing one that cannot be done without.
        """
        return cls(
            source_id=UUID(bytes=content["source_id"]),
            source_kind=content["source_kind"],
            is_wall_clock=bool(content["is_wall_clock"]),
            run=content["run"],
            life=life_of_map(content["life"]),
            cut_at=datetime.fromtimestamp(content["cut_at"], UTC),
            partition=content.get("partition", 0),
            is_late=content.get("is_late", False),
            first_index=content.get("first_index", 0),
            alerts_opened=content.get("alerts_opened", 0),
            detectors={name: _detector(one) for name, one in content["detectors"].items()},
            openings=tuple(Opening(*one) for one in content.get("openings", ())),
            left=tuple(Left(life_of_map(one[0]), one[1]) for one in content.get("left", ())),
        )


def map_of_life(life: Life) -> dict[str, Any]:
    return {"origin_at": life.origin_at.isoformat(), "spec": life.spec.model_dump()}


def life_of_map(content: Mapping[str, Any]) -> Life:
    return _life_of(content["origin_at"], tuple(sorted(content["spec"].items())))


@lru_cache(maxsize=4096)
def _life_of(origin_at: str, spec: tuple[tuple[str, float], ...]) -> Life:
    return Life(datetime.fromisoformat(origin_at), ClipSpec.model_validate(dict(spec)))


def _pack_detector(detector: DetectorState) -> dict[str, Any]:
    models = {name: _pack_model(model) for name, model in detector.models.items()}
    return {
        "next_index": detector.next_index,
        "is_ended": detector.is_ended,
        "models": models,
    }


def _detector(content: Mapping[str, Any]) -> DetectorState:
    models = {name: _model(model) for name, model in content["models"].items()}
    return DetectorState(content["next_index"], content.get("is_ended", False), models)


def _pack_model(model: ModelState) -> dict[str, Any]:
    state = model.state
    packed: dict[str, Any] = {"recent": state.recent, "rule": model.rule}
    if state.quiet_until_s:
        packed["quiet_until_s"] = state.quiet_until_s
    if state.episode:
        packed["episode"] = state.episode._asdict()
    if state.waiting:
        packed["waiting"] = state.waiting._asdict()
    if model.opened_by:
        packed["opened_by"] = model.opened_by.model_dump(exclude_defaults=True)
        packed["opened_as"] = model.opened_as
    return packed


def _model(content: Mapping[str, Any]) -> ModelState:
    episode, waiting = content.get("episode"), content.get("waiting")
    opened_by = content.get("opened_by")
    state = RuleState(
        recent=tuple(Moment(*moment[:4]) for moment in content["recent"]),
        episode=_episode(episode) if episode else None,
        quiet_until_s=content.get("quiet_until_s", 0.0),
        waiting=_episode(waiting) if waiting else None,
    )
    return ModelState(
        state,
        PersistenceRule.model_validate(opened_by) if opened_by else None,
        content.get("opened_as", ""),
        content.get("rule", ""),
    )


def _episode(content: Mapping[str, Any]) -> Episode:
    first, last, peak = (Moment(*content[name][:4]) for name in ("first", "last", "peak"))
    return Episode(first, last, peak, content.get("below", 0))
