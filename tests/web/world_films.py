"""What the world's cameras recorded and show now: the films of tests/web/scenes.py."""

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta

from schemas import ids
from schemas.clips import ClipRecorded
from schemas.recordings import SegmentRecorded
from tests.builders import clip
from tests.unit.api import builders
from tests.unit.api.conftest import Api
from tests.web import scenes
from tests.web.cast import WorldCamera

STEP = timedelta(seconds=scenes.SECONDS)


def recorded(
    api: Api, camera: WorldCamera, at: datetime, before: int = 5, after: int = 6
) -> Iterator[SegmentRecorded]:
    """So many segments before and after `at`; they lie in the object store."""
    film = scenes.film(camera.number)
    for k in range(-before, after):
        since = at + k * STEP
        api.put(ids.segment_key(camera.source_id, since), film)
        yield builders.segment(
            0,
            source_id=camera.source_id,
            segment_id=ids.segment_id(camera.source_id, since),
            started_at=since,
            ended_at=since + STEP,
            size_bytes=len(film),
            recorded_at=since + STEP,
            width=640,
            height=360,
        )


def filmed(camera: WorldCamera) -> ClipRecorded:
    """A clip of just now, by the clock of the live view, which is no other than ours: one picture,
    sixteen times.
    """
    picture, now = scenes.still(camera.number), datetime.now(UTC)
    return clip(
        0,
        camera.source_id,
        origin_at=now,
        cut_at=now,
        source_kind="camera",
        frames=(picture,) * 16,
        frame_count=16,
        width=640,
        height=360,
    )
