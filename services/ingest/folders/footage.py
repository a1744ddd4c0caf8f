"""One file of a drop folder -> clips on its camera's grid, at the time at which it was recorded."""

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from functools import partial

import av

from schemas.clips import Grid
from schemas.sources import CameraSettings
from services.chassis.media.jpeg import Jpeg, of_planes
from services.chassis.media.shape import scaled_size
from services.chassis.media.timeline import Shown, Timeline
from services.chassis.media.video import FileVideo
from services.ingest.core import Clip, Sample, Sampling
from services.ingest.core.cutting import Cutting
from services.ingest.core.masks import Mask
from services.ingest.sources.scale import SHORT_SIDE, Draw, Scaler

FOLLOWS_S = 1.5
"""A file that begins so soon after the one before ended goes on where that one stopped."""
OVERLAP_S = 0.5
EARLIEST = datetime(2000, 1, 2, tzinfo=UTC)
"""Recorders whose clock was never set write years before."""
LATER_S = 120.0


@dataclass(frozen=True)
class Span:
    """When a file's footage was seen; the end is as good as what the file says of its length."""

    began_at: datetime
    how: str
    """Where the time comes from, for the log."""


def span_of(video: FileVideo, modified_at: datetime) -> Span:
    """What the file says of itself, if that can be; else it ended when it was last written."""
    said = _creation_time(video)
    if said is not None and EARLIEST < said < modified_at + timedelta(seconds=LATER_S):
        return Span(said, "the file's own time of creation")
    length_s = video.info.duration_s or 0.0
    return Span(modified_at - timedelta(seconds=length_s), "the file's time of change")


def _creation_time(video: FileVideo) -> datetime | None:
    text = video.container.input.metadata.get("creation_time", "")
    try:
        moment = datetime.fromisoformat(text.replace("Z", "+00:00"))
    except ValueError:
        return None
    return moment if moment.tzinfo else moment.replace(tzinfo=UTC)


class FootageCutter:
    """Cuts files one after the other on one grid. Files that follow upon one another are cut as if
    they were one; between others what is begun comes out short. The same file gives the same clips.
    """

    def __init__(self, grid: Grid, settings: CameraSettings) -> None:
        self._grid, self._settings = grid, settings
        self._begin()

    def _begin(self) -> None:
        self._ended_s = self._latest_s = float("-inf")
        self._sampling: Sampling[Draw] = Sampling(self._grid.spec.frame_rate)
        self._cutting: Cutting[Jpeg] = Cutting(self._grid.spec)
        self._drawn: tuple[Draw, Jpeg] | None = None

    def cut(self, video: FileVideo, began_at: datetime) -> Iterator[Clip[Jpeg]]:
        """The clips that the file completes. What lies before the grid's origin is left out."""
        offset_s = (began_at - self._grid.origin_at).total_seconds()
        if not -OVERLAP_S <= offset_s - self._ended_s <= FOLLOWS_S:
            yield from self.end()
        timeline = Timeline(video.step_s)
        draw = self._drawing(video)
        for frame in video.frames():
            shown = timeline.place(frame.showing(draw(frame.picture)))
            start_s = max(offset_s + shown.start_s, self._latest_s)
            if start_s < 0:
                continue
            self._ended_s = offset_s + shown.end_s
            self._latest_s = start_s
            for sample in self._sampling.show(Shown(shown.picture, start_s, self._ended_s)):
                yield from self._take(sample)

    def end(self) -> Iterator[Clip[Jpeg]]:
        """Nothing follows upon what was cut last."""
        for sample in self._sampling.end():
            yield from self._take(sample)
        yield from self._cutting.end()
        self._begin()

    def _take(self, sample: Sample[Draw]) -> Iterator[Clip[Jpeg]]:
        """A frame held over several samples is drawn once."""
        if self._drawn is None or self._drawn[0] is not sample.picture:
            self._drawn = sample.picture, sample.picture()
        yield from self._cutting.take(Sample(sample.number, self._drawn[1]))

    def _drawing(self, video: FileVideo) -> Callable[[av.VideoFrame], Draw]:
        """Small, upright and masked, each once it is asked for."""
        scaler = Scaler(video.unturned, video.turns)
        shown = video.unturned.turned if video.turns % 2 else video.unturned
        small = scaled_size(shown, SHORT_SIDE)
        mask = Mask(self._settings.masks, small.width, small.height)

        def drawn(picture: av.VideoFrame) -> Jpeg:
            planes = scaler.planes(picture)
            mask.blacken(planes, is_full_range=True)
            return of_planes(planes)

        return lambda picture: partial(drawn, picture)
