"""What goes over a live socket.

A picture is one binary message: the length of a JSON header in four bytes, most significant first,
the header, the JPEG. While no picture comes, the header alone comes once a second as text.
"""

import struct
from datetime import datetime
from typing import Any

from pydantic_core import to_json

from schemas.poses import PoseFrame
from schemas.scores import ClipScored
from services.api.live.hub import Latest
from services.api.live.playback import Picture

DIGITS = 4


def with_picture(
    source_id: str, latest: Latest, picture: Picture, jpeg: bytes, now: datetime
) -> bytes:
    header = _header(source_id, latest, now) | {
        "at": _iso(picture.taken_at),
        "age_s": round((now - picture.taken_at).total_seconds(), 3),
        "width": picture.clip.width,
        "height": picture.clip.height,
        "people": _people(latest.people_at(picture.at_s)),
    }
    content = to_json(header)
    return struct.pack(">I", len(content)) + content + jpeg


def without_picture(source_id: str, latest: Latest, now: datetime) -> str:
    return to_json(_header(source_id, latest, now)).decode()


def _header(source_id: str, latest: Latest, now: datetime) -> dict[str, Any]:
    return {
        "source_id": source_id,
        "now": _iso(now),
        "score": _score(latest.score) if latest.score else None,
        "conditions": [one.model_dump(mode="json") for one in list(latest.conditions.values())],
    }


def _score(message: ClipScored) -> dict[str, Any]:
    return {
        "at": _iso(message.moment(message.clips[0].start_s)),
        "until": _iso(message.moment(message.clips[-1].end_s)),
        "calibrated": round(message.top.calibrated, DIGITS),
        "heads": [
            {
                "rule": head.rule,
                "label": head.label,
                "calibrated": round(head.calibrated, DIGITS),
                "high_mark": head.high_mark,
            }
            for head in message.heads
        ],
    }


def _people(frame: PoseFrame | None) -> list[dict[str, Any]]:
    """Boxes (left, top, right, bottom) and keypoints as shares of width and height."""
    if frame is None:
        return []
    return [
        {
            "track_id": person.track_id,
            "box": [round(value, DIGITS) for value in person.box],
            "keypoints": [[round(value, DIGITS) for value in point] for point in person.keypoints],
        }
        for person in frame.people
    ]


def _iso(moment: datetime) -> str:
    return moment.isoformat().replace("+00:00", "Z")
