"""A video's frames -> ClipRecorded messages: what the service and the training share."""

from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from uuid import UUID, uuid5

from schemas.clips import ClipRecorded, ClipSpec, Grid, SourceKind
from schemas.ids import NAMESPACE, clip_id
from services.chassis.media.jpeg import Jpeg
from services.chassis.media.timeline import Timeline
from services.chassis.media.video import FileVideo, open_video
from services.ingest.core import Clip, Sample, cut, sample
from services.ingest.sources.scale import Draw, draws

Passage = Callable[[Iterator[Jpeg]], Iterator[Jpeg]]
EPOCH = datetime(1970, 1, 1, tzinfo=UTC)


@dataclass(frozen=True)
class Origin:
    """Whose clips they are, and on which grid."""

    source_id: UUID
    grid: Grid
    source_kind: SourceKind = "upload"
    is_wall_clock: bool = True

    def recorded(self, clip: Clip[Jpeg], cut_at: datetime) -> ClipRecorded:
        first = clip.pictures[0]
        return ClipRecorded(
            clip_id=clip_id(self.source_id, self.grid.origin_at, clip.index),
            source_id=self.source_id,
            source_kind=self.source_kind,
            origin_at=self.grid.origin_at,
            is_wall_clock=self.is_wall_clock,
            cut_at=cut_at,
            index=clip.index,
            start_s=clip.start_s,
            end_s=clip.end_s,
            spec=self.grid.spec,
            width=first.width,
            height=first.height,
            frame_count=len(clip.pictures),
            frames=tuple(picture.content for picture in clip.pictures),
            is_last=clip.is_last,
        )


def clips_of(
    path: Path, spec: ClipSpec = ClipSpec(), passage: Passage | None = None
) -> Iterator[ClipRecorded]:
    """The service's way without Kafka and object store. The id comes from the file's name, and the
    origin is always the same, so that equal files give equal messages.

    `passage` stands between drawing and cutting; what it lets through is numbered from 0 on.
    """
    origin = Origin(uuid5(NAMESPACE, path.name), Grid(origin_at=EPOCH, spec=spec), "upload", False)
    with open_video(path) as video:
        samples = samples_of(video, spec)
        if passage is not None:
            pictures = passage(one.picture for one in samples)
            samples = (Sample(number, picture) for number, picture in enumerate(pictures))
        for clip in cut(samples, spec):
            yield origin.recorded(clip, EPOCH)


def samples_of(
    video: FileVideo, spec: ClipSpec, timeline: Timeline | None = None
) -> Iterator[Sample[Jpeg]]:
    """Every sample as a JPEG; a frame held over several samples is drawn once."""
    timeline = timeline or Timeline(video.step_s)
    return drawn(sample(draws(video), spec.frame_rate, timeline))


def drawn(samples: Iterable[Sample[Draw]]) -> Iterator[Sample[Jpeg]]:
    latest: Draw | None = None
    for one in samples:
        if one.picture is not latest:
            latest, jpeg = one.picture, one.picture()
        yield Sample(one.number, jpeg)
