"""The program of one camera's process."""

import os
import signal
from typing import BinaryIO

from services.chassis.environment import read_or_exit
from services.chassis.telemetry import logs
from services.ingest.cameras.process import CameraProcess
from services.ingest.cameras.wire import Heartbeat, camera_of
from services.ingest.config import IngestSettings
from services.ingest.spool.connect import connect_spool

MOST_AHEAD_CLIPS = 64
"""So many late clips may wait before more is cut of what was recorded long ago."""


def watch(commands: BinaryIO, beats: BinaryIO) -> None:
    """Watch the camera that comes first on `commands` until they end."""
    settings = read_or_exit(IngestSettings)
    logs.configure("camera", settings.log_level)
    signal.signal(signal.SIGINT, signal.SIG_IGN)  # Ctrl-C is the worker's; it ends us itself
    source = camera_of(commands.readline())
    logs.bind(source_id=str(source.source_id))
    spool = connect_spool(settings, source.source_id)
    spool.start(on_failure=lambda: os._exit(1))
    process = CameraProcess(
        source, settings, spool, lambda: spool.state().late_clips < MOST_AHEAD_CLIPS
    )

    def beat(frames: int) -> Heartbeat:
        state = spool.state()
        return Heartbeat(frames, state.waiting, state.dropped)

    try:
        process.run(commands, beats, beat)
    finally:
        spool.stop()
