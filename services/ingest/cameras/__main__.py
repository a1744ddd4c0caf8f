"""The process of one camera: `python -m services.ingest.cameras`, started by the ingest service."""

import os
import signal
import sys
from typing import BinaryIO

from services.chassis.environment import read_or_exit
from services.chassis.telemetry import logs
from services.ingest.cameras.process import CameraProcess
from services.ingest.cameras.wire import Heartbeat, camera_of
from services.ingest.config import IngestSettings
from services.ingest.spool import connect_spool

MOST_AHEAD_CLIPS = 64
"""So many late clips may wait before more is cut of what was recorded long ago."""


def main() -> None:
    beats = _heartbeats()
    settings = read_or_exit(IngestSettings)
    logs.configure("camera", settings.log_level)
    signal.signal(signal.SIGINT, signal.SIG_IGN)  # Ctrl-C is the worker's; it ends us itself
    source = camera_of(sys.stdin.buffer.readline())
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
        process.run(sys.stdin.buffer, beats, beat)
    finally:
        spool.stop()


def _heartbeats() -> BinaryIO:
    """Standard output, for heartbeats alone: whatever else is printed goes where errors go."""
    beats = os.fdopen(os.dup(1), "wb", buffering=0)
    os.dup2(2, 1)
    return beats


if __name__ == "__main__":
    main()
