"""Messages as third parties hear of them: a name, and plain JSON."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import datetime
from functools import cached_property
from typing import Any

from pydantic_core import to_json

from schemas.alerts import AlertClosed, AlertOpened, AlertUpdated
from schemas.base import Message
from schemas.deliveries import DeliveryAttempted
from schemas.health import SourceHealth
from schemas.judgements import LIVE
from schemas.models import ModelsDeployed
from schemas.replays import ExtractionProgressed, ReplayProgressed
from schemas.reviews import AlertReviewed, EventMissed
from schemas.scores import ClipScored, ClipsScored
from schemas.topics import (
    ALERTS,
    DELIVERIES,
    HEALTH,
    MODELS,
    REPLAY_PROGRESS,
    REVIEWS,
    SCORES,
    VIDEO_PROGRESS,
    Topic,
)
from schemas.videos import VideoProgressed

TOPICS: Mapping[str, Topic] = {
    "alerts": ALERTS,
    "scores": SCORES,
    "health": HEALTH,
    "reviews": REVIEWS,
    "deliveries": DELIVERIES,
    "videos": VIDEO_PROGRESS,
    "replays": REPLAY_PROGRESS,
    "models": MODELS,
}
DIGITS = 4

Data = dict[str, Any]


@dataclass
class Event:
    """What happened to one source. The same object goes to all listeners."""

    kind: str
    name: str
    source_id: str
    data: Data
    run: str = LIVE
    start_s: float = 0.0
    """Of a score: when its clips begin, in seconds from the source's origin, and how long."""
    length_s: float = 0.0
    is_last: bool = False
    """Of a score: none of its source and run comes after it."""

    @cached_property
    def text(self) -> str:
        """The data as one line of JSON."""
        return to_json(self.data).decode()


def event_of(kind: str, message: Message) -> Event | None:
    """The caller decoded it from the topic of that kind. A replay's blocks of scores are no event:
    they tell of the past, thousands at once.
    """
    return None if isinstance(message, ClipsScored) else _MAKERS[type(message)](kind, message)


def _alert(kind: str, message: Any) -> Event:
    names = {
        AlertOpened: "alert.opened",
        AlertUpdated: "alert.updated",
        AlertClosed: "alert.closed",
    }
    data = _some(
        message, "run kind rule label detail severity peak_score model_id source_kind is_late"
    )
    data |= {
        "alert_id": str(message.alert_id),
        "source_id": str(message.source_id),
        "state": "closed" if isinstance(message, AlertClosed) else "open",
        "reason": getattr(message, "reason", None),
        "started_at": _iso(message.moment(message.start_s)),
        "ended_at": _iso(message.moment(message.end_s)),
        "peak_at": _iso(message.moment(message.peak_s)),
    }
    return Event(kind, names[type(message)], str(message.source_id), data, message.run)


def _score(kind: str, message: Any) -> Event:
    first, last = message.clips[0], message.clips[-1]
    data = {
        "source_id": str(message.source_id),
        "run": message.run,
        "index": first.index,
        "at": _iso(message.moment(first.start_s)),
        "until": _iso(message.moment(last.end_s)),
        "calibrated": round(message.top.calibrated, DIGITS),
        "is_late": message.is_late,
        "is_last": message.is_last,
        "heads": [
            {
                "rule": head.rule,
                "label": head.label,
                "score": head.score,
                "calibrated": round(head.calibrated, DIGITS),
                "high_mark": head.high_mark,
            }
            for head in message.heads
        ],
    }
    length_s = last.end_s - first.start_s
    of_score = first.start_s, length_s, message.is_last
    return Event(kind, "score", str(message.source_id), data, message.run, *of_score)


def _health(kind: str, message: Any) -> Event:
    data = _some(message, "condition is_over detail count") | {
        "source_id": str(message.source_id),
        "started_at": _iso(message.moment(message.start_s)),
        "at": _iso(message.moment(message.at_s)),
    }
    return Event(kind, "health", str(message.source_id), data)


def _review(kind: str, message: Any) -> Event:
    data = message.model_dump(mode="json", exclude={"type", "tenant_id"})
    return Event(kind, "alert.reviewed", str(message.source_id), data)


def _missed(kind: str, message: Any) -> Event:
    data = message.model_dump(mode="json", exclude={"type", "tenant_id", "levels"})
    return Event(kind, "event.missed", str(message.source_id), data)


def _delivery(kind: str, message: Any) -> Event:
    data = message.model_dump(mode="json", exclude={"type", "response"})
    return Event(kind, "delivery", str(message.source_id), data)


def _video(kind: str, message: Any) -> Event:
    data = message.model_dump(mode="json", exclude={"type", "video_id", "playable_key"})
    source_id = str(message.video_id)
    return Event(kind, "video.progressed", source_id, data | {"source_id": source_id})


def _replay(kind: str, message: Any) -> Event:
    """Its run stands for the source: whose it is, the directory knows."""
    is_judging = isinstance(message, ReplayProgressed)
    name = "replay.progressed" if is_judging else "replay.extraction.progressed"
    return Event(kind, name, message.run, message.model_dump(mode="json", exclude={"type"}))


def _models(kind: str, message: Any) -> Event:
    """Its scope stands for the source, likewise."""
    data = {
        "store_id": str(message.store_id) if message.store_id else None,
        "live": {package.backbone: package.detector for package in message.live},
        "shadows": [shadow.run for shadow in message.shadows],
        "deployed_at": _iso(message.deployed_at),
    }
    return Event(kind, "models.deployed", str(message.scope_id), data)


_MAKERS: Mapping[type[Message], Callable[[str, Any], Event]] = {
    AlertOpened: _alert,
    AlertUpdated: _alert,
    AlertClosed: _alert,
    ClipScored: _score,
    SourceHealth: _health,
    AlertReviewed: _review,
    EventMissed: _missed,
    DeliveryAttempted: _delivery,
    VideoProgressed: _video,
    ReplayProgressed: _replay,
    ExtractionProgressed: _replay,
    ModelsDeployed: _models,
}


def _some(message: Message, names: str) -> Data:
    return {name: getattr(message, name) for name in names.split()}


def _iso(moment: datetime) -> str:
    return moment.isoformat().replace("+00:00", "Z")
