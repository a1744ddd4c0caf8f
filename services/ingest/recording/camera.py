"""Records one camera as its settings say and its stream allows: copied, or encoded."""

from datetime import datetime

import av
from av.video.stream import VideoStream

from schemas.sources import CameraSettings, SourceConfigured
from services.ingest.recording.encoding import EncodingRecorder
from services.ingest.recording.folder import RecordingFolder
from services.ingest.recording.recorder import Recorder, Room
from services.ingest.recording.segment import codec_of

COPIED = frozenset({"h264", "hevc", "mjpeg", "mpeg4", "av1", "vp9"})
"""What an MP4 takes, and all that plays or encodes it again reads."""


def recorder_of(
    source: SourceConfigured, folder: RecordingFolder, has_room: Room
) -> "CameraRecorder | None":
    """None where it is not to be recorded."""
    settings = source.camera or CameraSettings()
    if settings.recording == "off":
        return None
    return CameraRecorder(Recorder(folder, source.source_id, has_room), settings)


class CameraRecorder:
    """A PacketSink that takes decoded pictures as well. Give it both: of a stream that is copied it
    passes over the pictures, of any other over the packets. A source without packets never calls
    `begin`.
    """

    def __init__(self, recorder: Recorder, settings: CameraSettings) -> None:
        self._copying = recorder
        self._is_masked = settings.masks_recordings and bool(settings.masks)
        masks = settings.masks if self._is_masked else ()
        self._encoding = EncodingRecorder(recorder, masks)
        self._copies = False

    @property
    def needs_pictures(self) -> bool:
        """Whether all pictures must be decoded to be recorded."""
        return not self._copies

    @property
    def failure(self) -> str:
        """Why nothing is recorded right now, in a few words; empty while all is well. May be read
        from another thread.
        """
        return self._copying.failure

    def begin(self, stream: VideoStream) -> None:
        self.end()
        self._copies = not self._is_masked and codec_of(stream) in COPIED
        if self._copies:
            self._copying.begin(stream)

    def write(self, packet: "av.Packet[VideoStream]", moment: datetime) -> None:
        """Nothing of a packet may be kept where masks hold: it shows what is masked."""
        if self._copies:
            self._copying.write(packet, moment)

    def show(self, picture: av.VideoFrame, moment: datetime) -> None:
        """A decoded picture, in the order of presentation; it stays as it is."""
        if not self._copies:
            self._encoding.show(picture, moment)

    def end(self) -> None:
        self._encoding.end()
        self._copies = False
