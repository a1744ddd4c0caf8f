"""Recordings that are encoded: with masks, and of sources without packets."""

from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import av
import pytest

from schemas.sources import CameraSettings, SourceConfigured
from services.ingest.recording.camera import CameraRecorder, recorder_of
from services.ingest.recording.encoding import EncodingRecorder
from services.ingest.recording.folder import RecordingFolder
from services.ingest.recording.recorder import Recorder
from services.ingest.recording.recovery import examine
from tests.builders import SOURCE
from tests.footage import encoded, painted, second_of

START = datetime(2026, 1, 1, 12, tzinfo=UTC)
LEFT_HALF = ((0.0, 0.0), (0.5, 0.0), (0.5, 1.0), (0.0, 1.0))


@pytest.fixture
def folder(tmp_path: Path) -> RecordingFolder:
    return RecordingFolder(tmp_path)


def show(
    recorder: EncodingRecorder | CameraRecorder, seconds: range, size: tuple[int, int] = (128, 96)
) -> None:
    for number in range(len(seconds) * 5):
        picture = painted(seconds[number // 5], *size)
        frame = av.VideoFrame.from_ndarray(picture, "rgb24")
        recorder.show(frame, START + timedelta(seconds=seconds[0] + number / 5))


def test_what_is_masked_is_black_and_the_rest_is_there(folder: RecordingFolder) -> None:
    recorder = EncodingRecorder(Recorder(folder, SOURCE), [LEFT_HALF])
    show(recorder, range(25))
    recorder.end()
    segments = folder.unpublished(SOURCE)
    assert [round((one.started_at - START).total_seconds()) for one in segments] == [0, 10, 20]
    for segment in segments:
        with av.open(str(segment.path)) as container:
            for frame in container.decode(video=0):
                picture = frame.to_ndarray(format="rgb24")
                at_s = (segment.started_at - START).total_seconds() + float(frame.time or 0)
                assert picture[:, :62].max() < 24
                assert second_of(picture) == int(at_s + 0.01) & 0xF0F0


def test_seconds_lie_where_they_were(folder: RecordingFolder) -> None:
    """A mask that covers a corner alone."""
    corner = ((0.95, 0.95), (1.0, 0.95), (1.0, 1.0))
    recorder = EncodingRecorder(Recorder(folder, SOURCE), [corner])
    show(recorder, range(12))
    recorder.end()
    first = folder.unpublished(SOURCE)[0]
    with av.open(str(first.path)) as container:
        shown = [second_of(frame.to_ndarray(format="rgb24")) for frame in container.decode(video=0)]
    assert shown == [number // 5 for number in range(len(shown))]


def test_another_size_begins_another_segment(folder: RecordingFolder) -> None:
    recorder = EncodingRecorder(Recorder(folder, SOURCE), [LEFT_HALF])
    show(recorder, range(3))
    show(recorder, range(3, 6), (97, 65))
    recorder.end()
    facts = [examine(segment.path) for segment in folder.unpublished(SOURCE)]
    assert [(one.width, one.height) for one in facts if one] == [(128, 96), (96, 64)]


LEFT_BURNT_IN = CameraSettings(masks=(LEFT_HALF,), masks_recordings=True)


def camera(settings: CameraSettings) -> SourceConfigured:
    return SourceConfigured(
        source_id=SOURCE,
        source_kind="camera",
        name="Door",
        origin_at=START,
        camera=settings,
        configured_at=START,
    )


def camera_recorder(folder: RecordingFolder, settings: CameraSettings) -> CameraRecorder:
    recorder = recorder_of(camera(settings), folder, lambda: True)
    assert recorder is not None
    return recorder


def live(recorder: CameraRecorder, stream: Path) -> list[bytes]:
    """Packets and pictures of a file, as they are read; the packets."""
    copied = []
    with av.open(str(stream)) as container:
        recorder.begin(container.streams.video[0])
        number = 0
        for packet in container.demux(video=0):
            content, moment = bytes(packet), START + timedelta(seconds=number / 5)
            for frame in packet.decode():
                recorder.show(frame, moment)
            if packet.size:
                copied.append(content)
                recorder.write(packet, moment)
                number += 1
        recorder.end()
    return copied


def codecs(folder: RecordingFolder) -> set[str]:
    facts = [examine(segment.path) for segment in folder.unpublished(SOURCE)]
    return {one.codec for one in facts if one}


def pictures(folder: RecordingFolder) -> list[Any]:
    found = []
    for segment in folder.unpublished(SOURCE):
        with av.open(str(segment.path)) as container:
            found += [frame.to_ndarray(format="rgb24") for frame in container.decode(video=0)]
    return found


@pytest.mark.parametrize(("codec", "name"), [("libx265", "hevc"), ("libx264", "h264")])
def test_what_can_be_copied_is_copied(
    folder: RecordingFolder, tmp_path: Path, codec: str, name: str
) -> None:
    stream = encoded(tmp_path / "camera.ts", range(4), codec)
    recorder = camera_recorder(folder, CameraSettings(masks=(LEFT_HALF,)))
    live(recorder, stream)
    assert codecs(folder) == {name}
    assert len(folder.unpublished(SOURCE)) == 1
    assert len(pictures(folder)) == 20


def test_masks_that_hold_in_recordings_leave_no_packet(
    folder: RecordingFolder, tmp_path: Path
) -> None:
    stream = encoded(tmp_path / "camera.ts", range(4))
    live(camera_recorder(folder, LEFT_BURNT_IN), stream)
    assert len(pictures(folder)) == 20
    assert all(picture[:, :62].max() < 24 for picture in pictures(folder))


def test_what_an_mp4_does_not_take_is_encoded(folder: RecordingFolder, tmp_path: Path) -> None:
    stream = encoded(tmp_path / "camera.avi", range(4), "msmpeg4")
    live(camera_recorder(folder, CameraSettings()), stream)
    assert codecs(folder) == {"h264"}
    assert [second_of(picture) for picture in pictures(folder)] == [n // 5 for n in range(20)]


def test_a_source_without_packets_is_recorded(folder: RecordingFolder) -> None:
    """A webcam, a simulated store: nothing is ever said but pictures."""
    recorder = camera_recorder(folder, CameraSettings())
    show(recorder, range(12))
    recorder.end()
    assert [second_of(picture) for picture in pictures(folder)] == [n // 5 for n in range(60)]
    assert len(folder.unpublished(SOURCE)) == 2


def test_a_camera_that_is_not_to_be_recorded_is_not(folder: RecordingFolder) -> None:
    assert recorder_of(camera(CameraSettings(recording="off")), folder, lambda: True) is None
