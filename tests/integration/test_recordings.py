"""Recordings on real servers: RTSP cameras onto the disk; from there, by Kafka and S3, to whoever
asks.
"""

import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from itertools import pairwise
from pathlib import Path
from time import monotonic

import pytest

from schemas.alerts import AlertOpened
from schemas.base import Message
from schemas.recordings import SegmentRecorded
from schemas.topics import FOOTAGE_REQUESTS, RECORDINGS
from services.alerts.core.spans import Span
from services.alerts.footage import FootageLate
from services.alerts.recorded import RecordedCamera
from services.alerts.sources import Sources
from services.chassis.clock import SystemClock
from services.chassis.settings import ServiceSettings
from services.chassis.storage.s3 import S3Objects
from services.chassis.streaming.kafka import KafkaBroker
from services.chassis.streaming.publisher import Publishing
from services.chassis.streaming.records import Outgoing
from services.chassis.streaming.tail import Tail
from services.ingest.recording.folder import RecordedSegment, RecordingFolder
from services.ingest.recording.recorder import Recorder
from services.ingest.recording.recovery import examine
from services.ingest.recording.ring import RingBounds, disk_usage
from services.ingest.recording.service import Recordings
from services.ingest.sources.port import SourceLost
from services.ingest.sources.stream import StreamSource
from tests.builders import SOURCE
from tests.cameras import RtspServer, missing
from tests.footage import encoded, frames, play, second_of
from tests.unit.alerts.room import SourceTable, alert
from tests.waiting import wait_until

pytestmark = pytest.mark.integration
needs_cameras = pytest.mark.skipif(missing() is not None, reason=str(missing()))
WAIT_S = 120.0
LOOP_S = 16


class Arrivals:
    """The recorder behind the times of arrival."""

    def __init__(self, recorder: Recorder) -> None:
        self._recorder = recorder
        self._origin = datetime.now(UTC) - timedelta(seconds=monotonic())
        self.begin, self.end = recorder.begin, recorder.end

    def write(self, packet: object, arrived_s: float, _: float | None) -> None:
        self._recorder.write(packet, self._origin + timedelta(seconds=arrived_s))  # type: ignore[arg-type]


def watch(url: str, recorder: Recorder, seconds: float) -> None:
    """Read a camera for so long, or until it is lost."""
    source, until_s = StreamSource(url, transport="tcp"), monotonic() + seconds
    try:
        source.open()
        for _ in source.frames(Arrivals(recorder)):
            if monotonic() > until_s:
                return
    except SourceLost:
        return
    finally:
        source.close()


def steps(segments: list[RecordedSegment]) -> list[tuple[float, int]]:
    """Of each frame after the first: how much later it was seen, and how many seconds of the film
    it lies further on.
    """
    seen = [
        (segment.started_at.timestamp() + at_s, second)
        for segment in segments
        for at_s, second in frames(segment.path)
    ]
    return [(b[0] - a[0], (b[1] - a[1]) % LOOP_S) for a, b in pairwise(seen)]


@needs_cameras
@pytest.mark.parametrize("suffix", ["h264", "h265"])
def test_a_camera_that_is_torn_off_and_comes_back(tmp_path: Path, suffix: str) -> None:
    codec = "libx264" if suffix == "h264" else "libx265"
    film = encoded(tmp_path / f"film.{suffix}", range(LOOP_S), codec, rate=25, gop=50)
    folder = RecordingFolder(tmp_path / "recordings")
    recorder = Recorder(folder, SOURCE)
    with RtspServer({"door": [film]}) as server:
        tearing = threading.Timer(7.0, server.kill)
        tearing.start()
        watch(server.url("door"), recorder, 30.0)
        tearing.join()
        server.start()
        watch(server.url("door"), recorder, 4.0)
    segments = folder.unpublished(SOURCE)
    assert len(segments) == 2
    assert segments[1].started_at > segments[0].ended_at
    assert (segments[0].ended_at - segments[0].started_at).total_seconds() > 4.0
    for segment in segments:
        facts = examine(segment.path)
        assert facts is not None
        assert facts.codec == ("h264" if suffix == "h264" else "hevc")
        assert all(second in (0, 1) for _, second in steps([segment]))


@contextmanager
def worker(settings: ServiceSettings, root: Path) -> Iterator[None]:
    """A worker's side of its recordings, in threads as the service has them."""
    recordings = Recordings(
        root,
        KafkaBroker(settings),
        S3Objects.connect(settings),
        SystemClock(),
        RingBounds(free_share=0.0),
        disk_usage(root),
    )
    recordings.upload()
    duties = recordings.duties()
    for duty in duties:
        duty.start(lambda: None)
    try:
        yield
    finally:
        for duty in duties:
            duty.stop()
        recordings.close()
    for duty in duties:
        duty.raise_failure()


def test_what_an_alert_needs_comes_from_the_worker_that_has_it(
    settings: ServiceSettings, tmp_path: Path
) -> None:
    """By the log and the store alone: whoever asks knows no worker."""
    start = datetime.now(UTC) - timedelta(seconds=60)
    camera = encoded(tmp_path / "camera.ts", range(40))
    root = tmp_path / "recordings"
    tail = Tail(settings, RECORDINGS)
    play(Recorder(RecordingFolder(root), SOURCE), camera, start)
    broker, store = KafkaBroker(settings), S3Objects.connect(settings)
    publishing = Publishing(broker.publisher("alerts"))
    footage = RecordedCamera(
        store,
        Sources(SourceTable()),
        lambda wish: publishing.publish(Outgoing(FOOTAGE_REQUESTS, wish)),
        SystemClock(),
    )
    about = alert(AlertOpened, source_kind="camera", origin_at=start, peak_s=17.5)
    path = tmp_path / "evidence.mp4"

    def is_there() -> bool:
        try:
            with footage.open(about, Span(11.5, 23.0)) as stretch:
                stretch.write_mp4(Span(11.5, 23.0), path)
                assert second_of(stretch.picture(17.5)) == 17
        except FootageLate:
            return False
        return True

    with worker(settings, root):
        said = tail.until(_is_last(start), WAIT_S)
        wait_until(is_there, WAIT_S)
    assert len([one for one in said if isinstance(one, SegmentRecorded)]) == 4
    assert {second for _, second in frames(path)} == set(range(10, 23))
    assert len(list(store.list("recordings/"))) == 2
    tail.close()


def _is_last(start: datetime) -> Callable[[Message], bool]:
    return lambda message: (
        isinstance(message, SegmentRecorded) and message.started_at >= start + timedelta(seconds=29)
    )
