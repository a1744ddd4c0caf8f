"""A video's frames -> ClipRecorded messages: what the service and the training share."""

from collections.abc import Callable, Iterable, Iterator
from pathlib import Path
from uuid import UUID, uuid5

from schemas.clips import ClipRecorded, ClipSpec
from schemas.ids import NAMESPACE, clip_id
from services.ingest.core import Clip, Timeline, cut, sample
from services.ingest.encode import Jpeg
from services.ingest.sources import Draw, Video
from services.ingest.sources.file import open_video

Passage = Callable[[Iterator[Jpeg]], Iterator[Jpeg]]


def clips(
    video: Video, source_id: UUID, spec: ClipSpec = ClipSpec(), passage: Passage = iter
) -> Iterator[ClipRecorded]:
    """The clips of a video in order, the last one marked. The same video gives the same clips.

    `passage` stands between drawing and cutting; where it ends, the last clip ends.
    """
    timeline = Timeline(video.step_s, video.info.duration_s)
    pictures = drawn(sample(video.frames(), spec.frame_rate, timeline))
    for clip in cut(passage(pictures), spec):
        yield recorded(clip, source_id, spec)


def clips_of(
    path: Path, spec: ClipSpec = ClipSpec(), passage: Passage = iter
) -> Iterator[ClipRecorded]:
    """The service's way without Kafka and object store. The id comes from the file's name."""
    with open_video(path) as video:
        yield from clips(video, uuid5(NAMESPACE, path.name), spec, passage)


def drawn(samples: Iterable[Draw]) -> Iterator[Jpeg]:
    """Each sample as a JPEG; a frame held over several samples is drawn once."""
    latest: Draw | None = None
    for draw in samples:
        if draw is not latest:
            latest, jpeg = draw, draw()
        yield jpeg


def recorded(clip: Clip[Jpeg], source_id: UUID, spec: ClipSpec) -> ClipRecorded:
    first = clip.pictures[0]
    return ClipRecorded(
        clip_id=clip_id(source_id, clip.start_s),
        source_id=source_id,
        index=clip.index,
        start_s=clip.start_s,
        end_s=clip.end_s,
        spec=spec,
        width=first.width,
        height=first.height,
        frame_count=len(clip.pictures),
        frames=tuple(picture.content for picture in clip.pictures),
        is_last=clip.is_last,
    )
