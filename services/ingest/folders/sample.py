"""The latest file of a drop folder, for whoever wants to know whether the folder is any use."""

from collections.abc import Iterator
from pathlib import Path
from time import monotonic

import av

from services.chassis.media.limits import BadVideo
from services.chassis.media.timeline import Timeline
from services.chassis.media.video import FileVideo, open_video
from services.ingest.folders.dropped import DropFolder
from services.ingest.sources.port import LiveFrame, PacketTap, SourceLost, StreamFormat

MOST_TRIED = 20


class LatestFile:
    """A source for a test only: it ends where the file does, and nothing is taken."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self._video: FileVideo | None = None

    def open(self) -> StreamFormat:
        folder = DropFolder(self._folder, Path("/dev/null"), settled_s=0.0)
        try:
            present = folder.settled(0.0)
        except OSError as error:
            raise SourceLost(f"The folder cannot be read: {error.strerror}.") from None
        for dropped in present[: -MOST_TRIED - 1 : -1]:
            try:
                self._video = open_video(dropped.path)
            except (OSError, BadVideo, av.FFmpegError, ValueError):
                continue
            info = self._video.info
            return StreamFormat(info.codec, info.width, info.height, info.frame_rate)
        raise SourceLost(
            "There is no file with a video among the latest of the folder."
            if present
            else "The folder can be read; nothing is in it yet."
        )

    def frames(self, tap: PacketTap | None = None) -> Iterator[LiveFrame]:
        assert self._video is not None, "open it first"
        timeline, began_s = Timeline(self._video.step_s), monotonic()
        for frame in self._video.frames():
            at_s = timeline.place(frame).start_s
            yield LiveFrame(frame.picture, began_s + at_s, at_s)

    def close(self) -> None:
        video, self._video = self._video, None
        if video is not None:
            video.close()
