"""One segment: a file of fragmented MP4 in the making, which may break off at any byte.

Fragments last half a second at most and go to the disk as soon as they are whole. So what was
written can be played whenever somebody reads it, also when nobody ever closes it.
"""

import contextlib
import fcntl
from datetime import datetime, timedelta
from fractions import Fraction
from pathlib import Path

import av
from av.container import OutputContainer
from av.video.stream import VideoStream

TICKS = 90_000
FRAGMENT_US = 500_000
MOST_REORDERING_S = 1.0
"""A picture is shown no later than so long after its packet."""
MOST_STEP_S = 1.0
"""A last packet, which no other follows, is shown no longer."""


class SegmentFile:
    """An open file that only grows. Locked while its writer lives: whoever finds it unlocked may
    tidy up after a writer that died.
    """

    def __init__(self, path: Path) -> None:
        """Raises FileExistsError, and other OSErrors."""
        self.path = path
        self.is_over = False
        """Whether what comes from now on is thrown away."""
        self._file = path.open("xb", buffering=0)
        fcntl.flock(self._file, fcntl.LOCK_EX | fcntl.LOCK_NB)

    def write(self, content: bytes) -> int:
        """All of it, or OSError."""
        left = memoryview(b"" if self.is_over else content)
        while left:
            left = left[self._file.write(left) :]
        return len(content)

    def close(self) -> None:
        self._file.close()


class Segment:
    """Packets of one stream, copied as they are, from a key frame on.

    Times are those of arrival: a camera's own may be missing, restart or run at another speed. All
    methods raise OSError where the disk does not take more, and av.FFmpegError.
    """

    def __init__(
        self, file: SegmentFile, stream: VideoStream, sets: bytes, started_at: datetime
    ) -> None:
        """`sets` are the parameter sets, where packets carry them. The first packet's picture is
        that of its own moment, and is shown once those are decoded that come before it: the file
        begins by so much earlier.
        """
        self.started_at, self.path = started_at, file.path
        self._file = file
        self._output = open_fragmented(file, codec_of(stream))
        self._stream = _copy_of(stream, self._output, sets)
        self._first_at: datetime | None = None
        self._last = -1
        self._step = round(TICKS / 25)

    def write(self, packet: "av.Packet[VideoStream]", moment: datetime) -> None:
        """The packet's stream and times are overwritten."""
        if self._first_at is None:
            self._first_at = moment
        at = max(round((moment - self._first_at).total_seconds() * TICKS), self._last + 1)
        if self._last >= 0:
            self._step = min(at - self._last, round(MOST_STEP_S * TICKS))
        shown = at + round(reordering_s(packet) * TICKS)
        packet.stream = self._stream
        packet.time_base = Fraction(1, TICKS)
        packet.dts, packet.pts, packet.duration = at, shown, self._step
        self._last = at
        self._output.mux(packet)

    def close(self) -> datetime:
        """Where its last packet ends."""
        try:
            self._output.close()
        finally:
            self._file.close()
        return self.started_at + timedelta(seconds=(self._last + self._step) / TICKS)

    def abandon(self) -> None:
        """Write nothing more, whatever lies in the file. Raises nothing."""
        with contextlib.suppress(OSError, av.FFmpegError):
            self._file.is_over = True
            self.close()


def open_fragmented(file: SegmentFile, codec: str) -> OutputContainer:
    """Of MJPEG every picture is a key frame: its fragments are cut by time alone."""
    flags = "empty_moov+default_base_moof" + ("" if codec == "mjpeg" else "+frag_keyframe")
    options = {"movflags": flags, "frag_duration": str(FRAGMENT_US), "flush_packets": "1"}
    return av.open(file, "w", format="mp4", options=options)


def _copy_of(stream: VideoStream, output: OutputContainer, sets: bytes) -> VideoStream:
    copy = output.add_stream_from_template(stream, opaque=True)
    copy.time_base = Fraction(1, TICKS)
    if sets:
        copy.codec_context.extradata = sets
    if codec_of(stream) == "hevc":
        copy.codec_context.codec_tag = "hvc1"  # the form that Safari and QuickTime play
    return copy


def codec_of(stream: VideoStream) -> str:
    """`h264`, whoever decodes or encodes it."""
    return str(stream.codec_context.codec.canonical_name)


def reordering_s(packet: "av.Packet[VideoStream]") -> float:
    """How much later than it is decoded a picture is shown; cameras seldom reorder."""
    if packet.pts is None or packet.dts is None or packet.time_base is None:
        return 0.0
    later_s = float((packet.pts - packet.dts) * packet.time_base)
    return later_s if 0 <= later_s <= MOST_REORDERING_S else 0.0
