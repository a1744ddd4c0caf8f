"""The process of one camera: two threads that read, one that sends, and the main one that watches.

It ends when its commands do: its worker is gone, or wants it to end. Whatever else ends it,
the worker starts it again.
"""

import os
import select
import threading
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import BinaryIO

from schemas.sources import CameraSettings, SourceConfigured
from services.chassis.addresses import parse_kept
from services.chassis.clock import SystemClock
from services.chassis.sealing import Sealing, SealingFault
from services.chassis.streaming.kafka import KafkaBroker
from services.chassis.telemetry import logs
from services.ingest.cameras.life import memories_in
from services.ingest.cameras.outlet import Outlet, PackingOutlet
from services.ingest.cameras.reading import Reading
from services.ingest.cameras.taps import PlacedPackets
from services.ingest.cameras.watching import Watching
from services.ingest.cameras.wire import GONE, HEARTBEAT_S, Heartbeat, heartbeat_line
from services.ingest.config import IngestSettings
from services.ingest.folders.dropped import DropFolder
from services.ingest.folders.reading import FolderReading
from services.ingest.recording.camera import recorder_of
from services.ingest.recording.folder import RecordingFolder
from services.ingest.recording.ring import disk_usage, has_room
from services.ingest.sources.connecting import Patience
from services.ingest.sources.opening import Opening, Wish
from services.ingest.sources.port import LiveFrame, LiveSource, SourceLost

log = logs.get("cameras")

STUCK_S = 75.0
"""A reading thread that did not come round for so long hangs where no deadline reaches."""
GOODBYE_S = 4.0
"""So long readers have to say goodbye to their cameras."""


class CameraProcess:
    """Reads, cuts and records one camera until the input ends."""

    def __init__(
        self,
        source: SourceConfigured,
        settings: IngestSettings,
        outlet: Outlet,
        may_cut_ahead: Callable[[], bool] = lambda: True,
    ) -> None:
        """Footage that was recorded long ago is cut while it `may_cut_ahead`."""
        self._source, self._settings = source, settings
        if settings.clip_encoding == "h264":
            outlet = PackingOutlet(outlet)
        self._outlet, self._may_cut_ahead = outlet, may_cut_ahead
        self._camera = source.camera or CameraSettings()
        self._clock = SystemClock()
        self._sealing = Sealing(settings.secret_key)
        memory = memories_in(settings.state_dir)(source)
        self._is_folder = (source.address or "").startswith("folder://")
        folder = RecordingFolder(settings.recordings)
        self._recorder = None if self._is_folder else recorder_of(source, folder, self._has_room)
        self._watching = Watching(
            source,
            outlet,
            memory,
            self._clock,
            float("inf") if self._is_folder else settings.camera_offline_s,
            lambda: "" if self._recorder is None else self._recorder.failure,
        )
        patience = Patience(settings.camera_open_s, settings.camera_read_s)
        self._opening = Opening(
            settings.addresses, patience, self._clock.now, KafkaBroker(settings)
        )
        self._frames = 0
        self._is_record_lost = False
        self._readings = self._all_readings()
        self._failure: BaseException | None = None

    def run(self, commands: BinaryIO, beats: BinaryIO, beat: Callable[[int], Heartbeat]) -> None:
        """Until `commands` ends. Raises what ended a reading thread."""
        threads = [
            threading.Thread(target=self._read, args=(one,), name="reader", daemon=True)
            for one in self._readings
        ]
        for thread in threads:
            thread.start()
        is_gone = False
        try:
            is_gone = self._attend(commands, beats, beat)
        finally:
            for reading in self._readings:
                reading.stopped.set()
            for thread in threads:
                thread.join(GOODBYE_S)
            self._watching.end(is_gone)
        if self._failure is not None:
            raise self._failure

    def _attend(
        self, commands: BinaryIO, beats: BinaryIO, beat: Callable[[int], Heartbeat]
    ) -> bool:
        """The main thread's turns. Returns whether the camera is gone for good."""
        while self._failure is None:
            if select.select([commands], [], [], HEARTBEAT_S)[0]:
                return os.read(commands.fileno(), len(GONE)) == GONE
            self._watching.tick()
            if self._is_stuck():
                log.error("the reader hangs")
                continue
            beats.write(heartbeat_line(beat(self._frames)))
            beats.flush()
        return False

    def _is_stuck(self) -> bool:
        now_s = self._clock.monotonic()
        return any(now_s - one.turned_s > STUCK_S for one in self._readings)

    def _read(self, reading: Reading | FolderReading) -> None:
        try:
            reading.run()
        except BaseException as error:  # noqa: BLE001 - the main thread raises it again
            self._failure = error

    def _all_readings(self) -> Sequence[Reading | FolderReading]:
        if self._is_folder:
            return [self._folder_reading()]
        tap = None
        if self._recorder is not None:
            tap = PlacedPackets(self._recorder, lambda at_s: self._watching.life.at(at_s))
        watched, recorded = self._source.address or "", self._source.record_address or ""
        if tap is None or not self._has_two_streams:
            return [self._reading(self._wish(watched), self._show, self._watching.lost, tap)]
        keys_only = not (self._camera.masks and self._camera.masks_recordings)
        return [
            self._reading(self._wish(watched), self._show, self._watching.lost, None),
            self._reading(self._wish(recorded, keys_only), self._pass, self._not_recorded, tap),
        ]

    def _folder_reading(self) -> FolderReading:
        camera, settings = parse_kept(self._source.address or ""), self._settings
        journal = settings.state_dir / "folders" / f"{self._source.source_id}.txt"
        return FolderReading(
            self._source,
            DropFolder(
                Path(camera.path), journal, lambda: settings.addresses.check_entered(camera)
            ),
            self._outlet,
            self._clock,
            settings.limits,
            self._may_cut_ahead,
        )

    @property
    def _has_two_streams(self) -> bool:
        return self._source.record_address not in (None, self._source.address)

    def _reading(
        self,
        wish: Callable[[], Wish],
        show: Callable[[LiveFrame], bool],
        lost: Callable[[str], None],
        tap: PlacedPackets | None,
    ) -> Reading:
        def source() -> LiveSource:
            return self._opening.source(wish())

        return Reading(source, show, lost, tap, self._clock)

    def _wish(self, address: str, keys_only: bool = False) -> Callable[[], Wish]:
        def wish() -> Wish:
            try:
                credentials = self._sealing.open(self._source.credentials)
            except SealingFault as fault:
                raise SourceLost(str(fault)) from None
            return Wish(
                address,
                credentials,
                self._camera.transport,
                keys_only,
                self._source.origin_at,
                self._source.source_id,
            )

        return wish

    def _show(self, frame: LiveFrame) -> bool:
        """Whether the source is to be opened anew: its segments shall not span a clock's step."""
        self._frames += 1
        moment = self._watching.show(frame)
        if self._recorder is not None and not self._has_two_streams:
            self._recorder.show(frame.picture, moment)
        return self._watching.follow_clock()

    def _pass(self, frame: LiveFrame) -> bool:
        """Of the stream to record the packets count; where they are encoded anew, its pictures."""
        if self._is_record_lost:
            self._is_record_lost = False
            log.info("the stream to record is back", source_id=self._source.key)
        if self._recorder is not None:
            self._recorder.show(frame.picture, self._watching.life.at(frame.arrived_s))
        return False

    def _has_room(self) -> bool:
        return has_room(disk_usage(self._settings.recordings), self._settings.ring_bounds)

    def _not_recorded(self, reason: str) -> None:
        """Logged once an outage: it is tried again every few seconds, for ever."""
        if not self._is_record_lost:
            self._is_record_lost = True
            log.warning("the stream to record is lost", source_id=self._source.key, reason=reason)
