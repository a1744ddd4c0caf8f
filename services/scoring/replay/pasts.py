"""What heads over people keep of a source, as plain types for a checkpoint, and back again.

Some 6 KB where four people are seen at once, 100 KB where sixty-four are.
"""

from collections.abc import Mapping
from datetime import datetime
from typing import Any

import numpy as np

from services.scoring.episodes.state import Life, life_of_map, map_of_life
from services.scoring.judging.past import Kept, Past, Persons, Windows
from services.scoring.poses.tracks import Track, Tracks


def map_of_past(past: Past) -> dict[str, Any]:
    """Offsets are left out: a replay makes nothing again from the log."""
    tracks, (origin_at, spec) = past.persons.tracks, past.life
    assert isinstance(origin_at, datetime)
    return {
        "life": map_of_life(Life(origin_at, spec)),
        "last": past.last,
        "windows": [
            [kept.first, kept.last, kept.vector_D.astype("<f4").tobytes()]
            for kept in past.windows.kept
        ],
        "last_seen": tracks.last,
        "frame": tracks.frame,
        "people": [
            [name, track.at_s, track.frame, track.packed] for name, track in tracks.people.items()
        ],
    }


def past_of_map(content: Mapping[str, Any]) -> Past:
    life = life_of_map(content["life"])
    windows = (
        Kept(first, last, np.frombuffer(packed, "<f4").astype(np.float32), 0)
        for first, last, packed in content["windows"]
    )
    people = {name: Track(at_s, frame, packed) for name, at_s, frame, packed in content["people"]}
    tracks = Tracks(content["last_seen"], content["frame"], people)
    return Past(
        (life.origin_at, life.spec),
        content["last"],
        Windows(tuple(windows)),
        Persons(tracks),
    )
