"""What presence rules keep of one source, of what is live of it or of what is late.

Stored as a map with names, as the states of score rules are.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any, Self
from uuid import UUID

from schemas.clips import SourceKind
from schemas.policies import PresenceRule
from services.rules.presence import Frame, Stay, WatchState
from services.scoring.episodes.joining import HeldFrame
from services.scoring.episodes.state import Life, life_of_map, map_of_life

FRESH = WatchState()


@dataclass(frozen=True)
class Watch:
    """What a rule keeps. `opened_by` is the rule under which the open stay opened; None while none
    is open.
    """

    state: WatchState = FRESH
    opened_by: PresenceRule | None = None


NEW = Watch()


@dataclass(frozen=True)
class WatchedSource:
    """The life in which poses come, how far they were seen, and what each rule keeps, by name."""

    source_id: UUID
    source_kind: SourceKind
    is_wall_clock: bool
    life: Life
    cut_at: datetime
    partition: int = 0
    is_late: bool = False
    next_index: int = 0
    is_ended: bool = False
    watches: Mapping[str, Watch] = field(default_factory=dict)
    held: tuple[HeldFrame, ...] = ()
    """Frames whose moment is not judged yet, for joined rules."""

    @property
    def has_open(self) -> bool:
        """Whether there is anything that has to end yet."""
        is_open = any(watch.opened_by is not None for watch in self.watches.values())
        return is_open or bool(self.held)

    def to_map(self) -> dict[str, Any]:
        """Plain types, for msgpack."""
        plain = "source_kind is_wall_clock partition is_late next_index is_ended"
        return {
            **{name: getattr(self, name) for name in plain.split()},
            "source_id": self.source_id.bytes,
            "life": map_of_life(self.life),
            "cut_at": self.cut_at.isoformat(),
            "watches": {name: _packed(watch) for name, watch in self.watches.items()},
            "held": [list(frame) for frame in self.held],
        }

    @classmethod
    def from_map(cls, content: Mapping[str, Any]) -> Self:
        """What `to_map` gave; names it does not know are passed over."""
        return cls(
            source_id=UUID(bytes=content["source_id"]),
            source_kind=content["source_kind"],
            is_wall_clock=content["is_wall_clock"],
            life=life_of_map(content["life"]),
            cut_at=datetime.fromisoformat(content["cut_at"]),
            partition=content.get("partition", 0),
            is_late=content.get("is_late", False),
            next_index=content.get("next_index", 0),
            is_ended=content.get("is_ended", False),
            watches={name: _watch(one) for name, one in content.get("watches", {}).items()},
            held=tuple(_held(frame) for frame in content.get("held", ())),
        )


def _packed(kept: Watch) -> dict[str, Any]:
    state = kept.state
    return {
        "stay": list(state.stay) if state.stay else None,
        "quiet_until_s": state.quiet_until_s,
        "closed_index": state.closed_index,
        "opened_by": kept.opened_by.model_dump() if kept.opened_by else None,
    }


def _watch(content: Mapping[str, Any]) -> Watch:
    opened_by = content.get("opened_by")
    stay = content.get("stay")
    state = WatchState(
        stay=_stay(stay) if stay else None,
        quiet_until_s=content.get("quiet_until_s", 0.0),
        closed_index=content.get("closed_index", -1),
    )
    return Watch(state, PresenceRule.model_validate(opened_by) if opened_by else None)


def _held(content: Any) -> HeldFrame:
    clip_index, at_s, cut_at, holds, may_open = content
    return HeldFrame(clip_index, at_s, cut_at, tuple(holds), tuple(may_open))


def _stay(frames: Any) -> Stay:
    first, last, opened = (Frame(*frame) if frame else None for frame in frames)
    assert first is not None
    assert last is not None
    return Stay(first, last, opened)
