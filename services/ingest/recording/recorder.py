"""Records a camera: its packets as they come, in segments that begin with a key frame."""

import time
from collections.abc import Callable
from datetime import datetime, timedelta
from pathlib import Path
from uuid import UUID

import av
from av.video.stream import VideoStream

from services.chassis.telemetry import logs, metrics
from services.ingest.recording.folder import RecordingFolder
from services.ingest.recording.parameters import parameter_sets
from services.ingest.recording.segment import Segment, SegmentFile, codec_of, reordering_s

log = logs.get("recording")

SEGMENT_S = 10.0
"""A segment ends before the key frame that is nearest after so long."""
NEARLY_S = 0.5
"""Arrival jitters: a key frame that comes so much too early still ends it."""
LONGEST_S = 600.0
"""A stream without another key frame is recorded so long, and then not until the next one."""
REST_S = 5.0
"""After a failure nothing is tried for so long."""
AGAIN_S = 300.0
"""A failure that goes on is logged so often."""

Room = Callable[[], bool]
"""Whether the disk takes more; asked before each segment."""
OpenFile = Callable[[Path], SegmentFile]


class Recorder:
    """A PacketSink that copies. Its failures are its own: whoever watches the camera goes on.

    Between `begin` and `end` every packet from the first key frame on lies in exactly one segment;
    what came before it cannot be shown and is left out. Sound never comes here.
    """

    def __init__(
        self,
        folder: RecordingFolder,
        source_id: UUID,
        has_room: Room = lambda: True,
        open_file: OpenFile = SegmentFile,
    ) -> None:
        self._folder, self._source_id = folder, source_id
        self._has_room, self._open_file = has_room, open_file
        self._stream: VideoStream | None = None
        self._segment: Segment | None = None
        self._sets = b""
        self._not_before: datetime | None = None
        self._reported: tuple[str, float] | None = None
        self.failure = ""
        """Why nothing is recorded right now, in a few words; empty while all is well."""

    def begin(self, stream: VideoStream) -> None:
        self.end()
        self._stream, self._sets = stream, b""

    def write(self, packet: "av.Packet[VideoStream]", moment: datetime) -> None:
        if self._stream is None or not packet.size:
            return
        try:
            self._write(self._stream, packet, moment)
        except (OSError, av.FFmpegError, ValueError) as error:
            self._give_up(moment, str(error))

    def end(self) -> None:
        self._finish(None)
        self._stream = None

    def _write(
        self, stream: VideoStream, packet: "av.Packet[VideoStream]", moment: datetime
    ) -> None:
        if packet.is_keyframe:
            self._cut(stream, packet, moment)
        elif self._age_s(moment) > LONGEST_S:
            self._finish(moment)
        if self._segment is not None:
            self._segment.write(packet, moment)

    def _cut(self, stream: VideoStream, packet: "av.Packet[VideoStream]", moment: datetime) -> None:
        """Begin a segment with this key frame, where one is due."""
        sets = parameter_sets(codec_of(stream), bytes(packet)) or self._sets
        if sets == self._sets and self._is_young(moment):
            return
        begins_at = moment - timedelta(seconds=reordering_s(packet))
        self._finish(begins_at)
        self._sets = sets
        if self._may_begin(moment):
            self._segment = self._new_segment(stream, begins_at)

    def _may_begin(self, moment: datetime) -> bool:
        if self._not_before is not None and moment < self._not_before:
            return False
        self._not_before = None
        if not self._has_room():
            self._give_up(moment, "the disk is as full as it may become")
            return False
        return True

    def _new_segment(self, stream: VideoStream, begins_at: datetime) -> Segment:
        while True:
            try:
                file = self._open_file(self._folder.open_path(self._source_id, begins_at))
            except FileExistsError:
                begins_at += timedelta(microseconds=1)
                continue
            segment = Segment(file, stream, self._sets, begins_at)
            self.failure = ""
            return segment

    def _finish(self, next_at: datetime | None) -> None:
        """The segment lasts to the next one, which begins with the packet that ended it."""
        segment, self._segment = self._segment, None
        if segment is None:
            return
        try:
            ended_at = segment.close()
            if next_at is not None and next_at > segment.started_at:
                ended_at = next_at
            self._folder.finish(segment.path, segment.started_at, ended_at)
            metrics.count("segments_recorded", "finished")
        except FileNotFoundError:
            log.info("the recordings were removed", source_id=str(self._source_id))
        except (OSError, av.FFmpegError) as error:
            self._report(str(error))

    def _give_up(self, moment: datetime, reason: str) -> None:
        """What was written stays, and is recovered as if its writer had died."""
        segment, self._segment = self._segment, None
        if segment is not None:
            segment.abandon()
        self._not_before = moment + timedelta(seconds=REST_S)
        self._report(reason)

    def _report(self, reason: str) -> None:
        """Tries come every few seconds; the same reason is logged once in a while."""
        metrics.count("segments_recorded", "failed")
        self.failure = reason
        now_s = time.monotonic()
        if self._reported is None or reason != self._reported[0] or now_s > self._reported[1]:
            self._reported = reason, now_s + AGAIN_S
            log.error("not recorded", source_id=str(self._source_id), reason=reason)

    def _is_young(self, moment: datetime) -> bool:
        return self._segment is not None and self._age_s(moment) < SEGMENT_S - NEARLY_S

    def _age_s(self, moment: datetime) -> float:
        if self._segment is None:
            return 0.0
        return (moment - self._segment.started_at).total_seconds()
