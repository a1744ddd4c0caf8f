"""One replay as a process: `python -m services.scoring.replay.job`.

Its worker writes the request to its standard input, and keeps that open: when the worker is gone,
however it went, the replay ends at once, and whoever takes over goes on from its checkpoint.
"""

import os
import struct
import sys
import threading
from pathlib import Path
from typing import IO, TYPE_CHECKING, NoReturn

from schemas.archive import ArchiveKind
from schemas.codec import decode, encode
from schemas.replays import ReplayRequested
from schemas.topics import REPLAYS
from services.chassis.environment import read_or_exit
from services.chassis.errors import TransientError
from services.chassis.memory import settle_garbage
from services.chassis.niceness import stand_back
from services.chassis.service import AWAY
from services.chassis.storage.s3 import S3Objects
from services.chassis.streaming.kafka import KafkaBroker
from services.chassis.telemetry import logs
from services.scoring.cards import POSE_BACKBONE
from services.scoring.packages import PackageGone, fetch
from services.scoring.replay.config import ReplaySettings
from services.scoring.runs import detectors

if TYPE_CHECKING:
    from services.scoring.replay.archived import ArchivedRows

UNUSABLE, EMPTY, GONE, UNFIT = 65, 66, 69, 76
"""EX_DATAERR of sysexits.h: the detector cannot be used; EX_NOINPUT: there is nothing of that
stretch; EX_UNAVAILABLE: the detector was removed; EX_PROTOCOL: what there is was not made for that
detector. Trying again will not help."""
LENGTH = struct.Struct("<I")


def main() -> None:
    settings = read_or_exit(ReplaySettings)
    logs.configure("scoring.replay", settings.log_level)
    request = receive(sys.stdin.buffer)
    threading.Thread(target=_end_with, args=(sys.stdin.buffer,), daemon=True).start()
    stand_back(settings.replay_niceness)
    try:
        carry_out(settings, request)
    except TransientError as error:
        _last_words(error, AWAY)
    except PackageGone as error:
        _last_words(error, GONE)
    except ValueError as error:  # a package or checkpoint that is not what it should be
        _last_words(error, UNUSABLE)


def carry_out(settings: ReplaySettings, request: ReplayRequested) -> None:
    """Ends the process with EMPTY or UNFIT where nothing was judged. Raises ValueError for a
    detector that is of no use, TransientError when a server is away.
    """
    import torch  # takes seconds: the process is on its leash before

    from services.scoring.judging.detector import assemble
    from services.scoring.replay.log import KafkaLog
    from services.scoring.replay.running import Job, NothingJudged, Surroundings

    torch.set_num_threads(1)
    store, broker = S3Objects.connect(settings), KafkaBroker(settings)
    detector = assemble(_folder(settings, store, request))
    if detector.backbone != request.backbone:
        raise ValueError(f"the detector is made for {detector.backbone}, not {request.backbone}")
    archive = _archive(store, request) if request.input == "archive" else None
    publisher = broker.publisher("scoring")
    around = Surroundings(broker, KafkaLog(settings), store, publisher, archive)
    settle_garbage()
    try:
        Job(request, detector, around, settings.replay_checkpoint_s).run()
    except NothingJudged as error:
        _last_words(error, UNFIT if error.refused else EMPTY)


def _archive(store: S3Objects, request: ReplayRequested) -> "ArchivedRows":
    from services.scoring.archive.reading import Archive
    from services.scoring.replay.archived import ArchivedRows

    kind: ArchiveKind = "poses" if request.backbone == POSE_BACKBONE else "embeddings"
    return ArchivedRows(Archive(store), kind, request)


def send(pipe: IO[bytes], request: ReplayRequested) -> None:
    """What `receive` reads."""
    packed = encode(request)
    pipe.write(LENGTH.pack(len(packed)) + packed)
    pipe.flush()


def receive(pipe: IO[bytes]) -> ReplayRequested:
    (length,) = LENGTH.unpack(pipe.read(LENGTH.size))
    message = decode(REPLAYS, pipe.read(length))
    assert isinstance(message, ReplayRequested)
    return message


def _folder(settings: ReplaySettings, store: S3Objects, request: ReplayRequested) -> Path:
    if request.package is not None:
        return fetch(store, request.package, settings.state_dir / "packages")
    for detector in detectors(settings):
        if detector.backbone == request.backbone:
            return detector.folder
    raise ValueError(f"NIGHTCLERK_HEAD names no detector for {request.backbone}")


def _end_with(pipe: IO[bytes]) -> None:
    """Ends this process once the other end is closed. Unbuffered, since a thread that waits in a
    buffer would abort the interpreter at its end.
    """
    os.read(pipe.fileno(), 1)
    os._exit(1)


def _last_words(error: Exception, code: int) -> NoReturn:
    print(f"nightclerk: {error}", file=sys.stderr, flush=True)  # noqa: T201 -- its last words
    raise SystemExit(code) from None


if __name__ == "__main__":
    main()
