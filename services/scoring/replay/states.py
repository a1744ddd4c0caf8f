"""What a replay keeps of its sources, as plain types for its checkpoint, and back again."""

from collections.abc import Mapping
from typing import Any
from uuid import UUID

from schemas.clips import SequenceId
from services.scoring.episodes.table import Kept
from services.scoring.replay.core import Replay


def states_of(replay: Replay) -> dict[str, Any]:
    """All that a replay keeps, once its scores are flushed. Plain types, for msgpack."""
    stepping = replay.stepping
    runs: dict[UUID, dict[Any, Any]] = {source_id: {} for source_id in stepping.learned}
    for (source_id, _), state in stepping.states.items():
        runs.setdefault(source_id, {})[state.name] = state
    kept = {
        source_id.bytes: Kept(runs=found, learned=stepping.learned.get(source_id, {})).pack()
        for source_id, found in runs.items()
    }
    return {
        "sources": kept,
        "entered": [[source_id.bytes, is_late] for source_id, is_late in stepping.entered],
        "judging": replay.judging.to_map(),
        "windows": replay.windows,
        "clips": replay.clips,
        "refused": replay.refused,
    }


def restore(replay: Replay, states: Mapping[str, Any]) -> None:
    """What `states_of` gave, into a replay that has taken nothing yet."""
    stepping = replay.stepping
    for packed_id, packed in states["sources"].items():
        source_id, kept = UUID(bytes=packed_id), Kept.unpack(packed)
        for state in kept.runs.values():
            sequence: SequenceId = (source_id, state.is_late)
            stepping.states[sequence] = state
        if kept.learned:
            stepping.learned[source_id] = kept.learned
    stepping.entered |= {(UUID(bytes=name), is_late) for name, is_late in states["entered"]}
    replay.judging.restore(states["judging"])
    replay.windows, stepping.blocks.clips = states["windows"], states["clips"]
    replay.judging.refused = states["refused"]
