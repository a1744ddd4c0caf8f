"""Evidence of cameras: asked for, waited for with patience, cut across segments, in time."""

import threading
from collections.abc import Iterator
from datetime import datetime, timedelta
from pathlib import Path

import av
import pytest
import simplejpeg
from sqlalchemy import Engine

from schemas.alerts import AlertOpened
from schemas.ids import evidence_key, snapshot_key
from schemas.recordings import FootageRequested
from schemas.sources import CameraSettings, Recording
from services.alerts.core.spans import Evidence, Span
from services.alerts.evidence import EvidenceWorker, Making
from services.alerts.footage import FootageLate
from services.alerts.holds import HeldStretches
from services.alerts.pack.sealing import Sealing
from services.alerts.recorded import Patience, RecordedCamera
from services.chassis.clock import ManualClock
from services.chassis.errors import TransientError
from services.chassis.storage import database
from services.chassis.storage.objects import MemoryObjects, ObjectInfo
from services.ingest.recording.folder import RecordingFolder
from services.ingest.recording.recorder import Recorder
from tests.builders import ORIGIN, SOURCE
from tests.footage import encoded, frames, play, second_of, shown_at
from tests.unit.alerts.room import KEY, Station, alert, configured

NEVER = threading.Event()


class AwayObjects(MemoryObjects):
    is_away = False

    def list(self, prefix: str) -> list[ObjectInfo]:
        if self.is_away:
            raise TransientError("nobody there")
        return list(super().list(prefix))


class Shop:
    """A camera with its worker, as far as the alerts service sees them: it asks, objects come."""

    def __init__(self, folder: Path, station: Station) -> None:
        self.station, self.store = station, AwayObjects()
        assert isinstance(station.clock, ManualClock)
        self.clock = station.clock
        self.asked: list[FootageRequested] = []
        self._folder = RecordingFolder(folder)
        self.is_answering = True
        self.footage = RecordedCamera(
            self.store, station.sources, self._ask, station.clock, Patience(900.0, 60.0)
        )
        self.configure("ring")

    def configure(self, recording: Recording, address: str = "rtsp://192.0.2.1/") -> None:
        camera = CameraSettings(recording=recording)
        source = configured().model_copy(
            update={"source_kind": "camera", "camera": camera, "address": address}
        )
        self.station.table.sources[str(SOURCE)] = source

    def record(self, camera: Path, at_s: float = 0.0) -> datetime:
        return play(Recorder(self._folder, SOURCE), camera, ORIGIN + timedelta(seconds=at_s))

    def at(self, seconds: float) -> None:
        self.clock.step(seconds - (self.clock.now() - ORIGIN).total_seconds())

    def _ask(self, wish: FootageRequested) -> None:
        self.asked.append(wish)
        if self.is_answering:
            for segment in self._folder.unpublished(SOURCE):
                if segment.overlaps(wish.since_at, wish.until_at):
                    self.store.put_file(segment.object_key, segment.path, "video/mp4")

    def look(self, about: AlertOpened, span: Span = Span(11.5, 23.0)) -> int:
        """Which second the peak's picture shows."""
        with self.footage.open(about, span) as stretch:
            return second_of(stretch.picture(about.peak_s))

    def look_patiently(self, about: AlertOpened, span: Span) -> int:
        with pytest.raises(FootageLate):
            self.look(about, span)
        return self.look(about, span)

    def work_until_idle(self, about: AlertOpened) -> Evidence:
        station = self.station
        shared = Making(
            station.queue,
            {"camera": self.footage},
            self.store,
            station.watch,
            station.clock,
            Sealing(self.store, KEY, station.clock),
            station.people,
            HeldStretches(),
        )
        worker = EvidenceWorker(shared)
        station.queue.want(about, "Door", station.now)
        for _ in range(1000):
            pause_s = worker.turn()
            if station.queue.next_due() is None:
                break
            station.clock.wait(pause_s, NEVER)
        found = station.queue.present(about.alert_id)
        assert found is not None
        return found


@pytest.fixture
def shop(tmp_path: Path) -> Iterator[Shop]:
    engine: Engine = database.connect(f"sqlite:///{tmp_path / 'ledger.db'}")
    yield Shop(tmp_path / "recordings", Station(engine))
    engine.dispose()


@pytest.fixture(scope="module")
def camera(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return encoded(tmp_path_factory.mktemp("camera") / "camera.ts", range(40))


def incident(**more: float) -> AlertOpened:
    times = {"start_s": 16.5, "end_s": 18.0, "peak_s": 17.5, **more}
    return alert(AlertOpened, source_kind="camera", **times)


def test_an_alert_of_a_camera_gets_picture_and_video(
    shop: Shop, camera: Path, tmp_path: Path
) -> None:
    """Across segments, in the camera's own pictures, from the key frame before the pre-roll on."""
    shop.record(camera)
    shop.at(60)
    about = incident()
    assert shop.work_until_idle(about) == Evidence(17.5, Span(11.5, 23.0))
    picture = simplejpeg.decode_jpeg(shop.store.get(snapshot_key(about.alert_id)))
    assert second_of(picture[: picture.shape[0] * 8 // 10]) & 0xFF == 17
    path = tmp_path / "evidence.mp4"
    path.write_bytes(shop.store.get(evidence_key(about.alert_id)))
    assert [shown_at(path, second + 0.1) for second in range(13)] == list(range(10, 23))
    content = path.read_bytes()
    assert content.index(b"moov") < content.index(b"mdat")


def test_the_pictures_of_the_evidence_are_the_cameras(
    shop: Shop, camera: Path, tmp_path: Path
) -> None:
    shop.record(camera)
    shop.at(60)
    about = incident()
    shop.work_until_idle(about)
    path = tmp_path / "evidence.mp4"
    path.write_bytes(shop.store.get(evidence_key(about.alert_id)))
    with av.open(str(path)) as cut, av.open(str(camera)) as original:
        ours = {frame.to_ndarray().tobytes() for frame in cut.decode(video=0)}
        theirs = {frame.to_ndarray().tobytes() for frame in original.decode(video=0)}
    assert ours <= theirs


def test_the_picture_does_not_wait_for_the_end_of_the_episode(shop: Shop, camera: Path) -> None:
    shop.record(camera)
    shop.at(18.2)
    assert shop.look_patiently(incident(), Span(16.5, 18.0)) == 17


@pytest.mark.parametrize("recording", ["ring", "full"])
def test_what_is_recorded_is_asked_for(shop: Shop, camera: Path, recording: Recording) -> None:
    shop.configure(recording)
    shop.record(camera)
    shop.at(60)
    shop.work_until_idle(incident())
    assert {wish.source_id for wish in shop.asked} == {SOURCE}
    assert max(wish.until_at for wish in shop.asked) == ORIGIN + timedelta(seconds=23)


def test_a_camera_that_is_not_recorded_gets_none(shop: Shop) -> None:
    shop.configure("off")
    assert shop.work_until_idle(incident()).note == "this camera is not recorded"
    assert shop.asked == []


def test_files_that_are_dropped_are_not_recorded_again(shop: Shop) -> None:
    shop.configure("ring", "folder:/srv/exports")
    assert shop.work_until_idle(incident()).note == "this camera is not recorded"


def test_a_worker_that_never_answers_is_given_up(shop: Shop, camera: Path) -> None:
    shop.is_answering = False
    shop.record(camera)
    shop.at(60)
    assert shop.work_until_idle(incident()).note == "nothing was recorded at that time"
    assert 900 < (shop.clock.now() - ORIGIN).total_seconds() < 2400


def test_a_camera_that_was_torn_off_gives_what_there_is(shop: Shop, tmp_path: Path) -> None:
    shop.record(encoded(tmp_path / "torn.ts", range(19)))
    shop.at(60)
    about = incident()
    assert shop.work_until_idle(about).note == ""
    path = tmp_path / "evidence.mp4"
    path.write_bytes(shop.store.get(evidence_key(about.alert_id)))
    assert max(second for _, second in frames(path)) == 18


def test_a_store_that_is_away_for_ten_minutes_costs_nothing_but_time(
    shop: Shop, camera: Path
) -> None:
    shop.record(camera)
    shop.at(60)
    shop.store.is_away = True
    with pytest.raises(TransientError):
        shop.look(incident())
    shop.at(660)
    shop.is_answering = False
    shop.store.is_away = False
    with pytest.raises(FootageLate):
        shop.look(incident())
    shop.is_answering = True
    assert shop.work_until_idle(incident()).span == Span(11.5, 23.0)


def test_footage_that_lies_ahead_is_late_and_asked_for(shop: Shop) -> None:
    shop.at(19)
    with pytest.raises(FootageLate, match="goes on"):
        shop.look(incident())
    assert shop.asked[0].until_at == ORIGIN + timedelta(seconds=23)


def test_a_hole_in_the_middle_is_waited_for(shop: Shop, camera: Path) -> None:
    """What another alert had uploaded covers the end."""
    shop.record(camera)
    shop.at(60)
    assert shop.look_patiently(incident(peak_s=35.0), Span(31.0, 38.0)) == 35
    assert shop.look_patiently(incident(), Span(11.5, 33.0)) == 17
    assert shop.asked[-1].since_at == ORIGIN + timedelta(seconds=11.5)
