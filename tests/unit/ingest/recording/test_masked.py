"""Recordings with privacy masks: what is masked is nowhere in the file."""

from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import av
import numpy as np
import pytest

from schemas.sources import CameraSettings, SourceConfigured
from services.ingest.recording.folder import RecordingFolder
from services.ingest.recording.masked import MaskedRecorder, recorder_of
from services.ingest.recording.recorder import Recorder
from services.ingest.recording.recovery import examine
from tests.builders import SOURCE
from tests.footage import painted, second_of

START = datetime(2026, 1, 1, 12, tzinfo=UTC)
LEFT_HALF = ((0.0, 0.0), (0.5, 0.0), (0.5, 1.0), (0.0, 1.0))


@pytest.fixture
def folder(tmp_path: Path) -> RecordingFolder:
    return RecordingFolder(tmp_path)


def show(recorder: MaskedRecorder, seconds: range, size: tuple[int, int] = (128, 96)) -> None:
    for number in range(len(seconds) * 5):
        picture = painted(seconds[number // 5], *size)
        frame = av.VideoFrame.from_ndarray(picture, "rgb24")
        recorder.show(frame, START + timedelta(seconds=seconds[0] + number / 5))


def test_what_is_masked_is_black_and_the_rest_is_there(folder: RecordingFolder) -> None:
    recorder = MaskedRecorder(Recorder(folder, SOURCE), [LEFT_HALF])
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
    recorder = MaskedRecorder(Recorder(folder, SOURCE), [corner])
    show(recorder, range(12))
    recorder.end()
    first = folder.unpublished(SOURCE)[0]
    with av.open(str(first.path)) as container:
        shown = [second_of(frame.to_ndarray(format="rgb24")) for frame in container.decode(video=0)]
    assert shown == [number // 5 for number in range(len(shown))]


def test_another_size_begins_another_segment(folder: RecordingFolder) -> None:
    recorder = MaskedRecorder(Recorder(folder, SOURCE), [LEFT_HALF])
    show(recorder, range(3))
    show(recorder, range(3, 6), (97, 65))
    recorder.end()
    facts = [examine(segment.path) for segment in folder.unpublished(SOURCE)]
    assert [(one.width, one.height) for one in facts if one] == [(128, 96), (96, 64)]


def test_packets_are_passed_over(folder: RecordingFolder) -> None:
    recorder = MaskedRecorder(Recorder(folder, SOURCE), [LEFT_HALF])
    recorder.write(av.Packet(np.zeros(100, np.uint8).tobytes()), START)
    recorder.end()
    assert folder.sources() == []


@pytest.mark.parametrize(
    ("settings", "kind"),
    [
        ({}, Recorder),
        ({"recording": "full"}, Recorder),
        ({"masks": (LEFT_HALF,)}, Recorder),
        ({"masks_recordings": True}, Recorder),
        ({"masks": (LEFT_HALF,), "masks_recordings": True}, MaskedRecorder),
        ({"recording": "off"}, type(None)),
    ],
)
def test_a_camera_is_recorded_as_its_settings_say(
    folder: RecordingFolder, settings: dict[str, Any], kind: type
) -> None:
    source = SourceConfigured(
        source_id=SOURCE,
        source_kind="camera",
        name="Door",
        origin_at=START,
        camera=CameraSettings(**settings),
        configured_at=START,
    )
    assert type(recorder_of(source, folder, lambda: True)) is kind
