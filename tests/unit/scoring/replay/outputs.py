"""What a replay or the live stream put out, in a form in which the two can be compared."""

import struct
from collections.abc import Iterable, Iterator, Sequence
from typing import Any

from schemas.alerts import Alert, AlertClosed, AlertOpened
from schemas.base import Message
from schemas.codec import encode
from schemas.scores import ClipScored, ClipsScored
from schemas.topics import EMBEDDINGS
from services.scoring.judging.core import Seen
from services.scoring.replay.rows import Row, RowDecoder

Place = tuple[str, bool, Any, int]
"""A clip: source, whether it came late, origin of the life, index."""


def rows(messages: Sequence[Seen]) -> list[Row]:
    """As they are read from the log."""
    decoder = RowDecoder(EMBEDDINGS, "i3d_k400")
    found = [decoder(encode(message)) for message in messages]
    return [one for one in found if isinstance(one, Row)]


def clips(output: Message) -> Iterator[tuple[Place, list[tuple[float, float]], float | None]]:
    """Each clip of a score: raw and calibrated of each head, and the marks."""
    if isinstance(output, ClipScored):
        values = [(head.score, head.calibrated) for head in output.heads]
        for ref in output.clips:
            place = (output.key, output.is_late, output.origin_at, ref.index)
            yield place, values, output.heads[0].high_mark
    elif isinstance(output, ClipsScored):
        count = len(output.indexes) // 8
        columns = [
            (struct.unpack(f"<{count}d", head.scores), struct.unpack(f"<{count}d", head.calibrated))
            for head in output.heads
        ]
        for number, index in enumerate(struct.unpack(f"<{count}q", output.indexes)):
            place = (output.key, output.is_late, output.origin_at, index)
            values = [(raw[number], calibrated[number]) for raw, calibrated in columns]
            yield place, values, output.heads[0].high_mark


def scores(outputs: Iterable[Message]) -> dict[Place, Any]:
    """By clip: raw and calibrated scores to a millionth, and the mark."""
    return {
        place: ([(round(raw, 6), round(calibrated, 6)) for raw, calibrated in values], mark)
        for output in outputs
        for place, values, mark in clips(output)
    }


def alerts(outputs: Iterable[Message]) -> list[Any]:
    return [one for one in outputs if isinstance(one, Alert) and one.kind != "health"]


def told(outputs: Iterable[Message]) -> list[tuple[Any, ...]]:
    """Alerts of each source in order, but for run and id."""
    found = []
    for one in alerts(outputs):
        reason = one.reason if isinstance(one, AlertClosed) else None
        content = one.model_dump(exclude={"run", "alert_id", "peak_score", "type"})
        found.append((type(one).__name__, reason, sorted(map(str, content.items()))))
    return found


def by_source(outputs: Iterable[Message]) -> dict[str, list[tuple[Any, ...]]]:
    """`told`, by source and whether it came late."""
    found: dict[str, list[Any]] = {}
    for one in alerts(outputs):
        found.setdefault(f"{one.key} {one.is_late}", []).append(one)
    return {name: told(these) for name, these in found.items()}


def opened(outputs: Iterable[Message]) -> set[Any]:
    return {one.alert_id for one in outputs if isinstance(one, AlertOpened)}


def closed(outputs: Iterable[Message]) -> set[Any]:
    return {one.alert_id for one in outputs if isinstance(one, AlertClosed)}
