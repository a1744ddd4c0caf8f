"""Replays as processes on real Kafka and a real store: how they are asked for and watched."""

import subprocess
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

from schemas.base import Message
from schemas.replays import ReplayProgressed, ReplayRequested
from services.chassis.settings import ServiceSettings
from services.chassis.streaming.publisher import KafkaPublisher
from services.chassis.streaming.records import Outgoing
from tests.builders import source
from tests.integration.processes import environment, process

ORIGIN = datetime.now(UTC) - timedelta(hours=2)
TENANT = source(99)
SOURCES = 3
PATIENCE_S = 300


@contextmanager
def worker(settings: ServiceSettings, folder: Path) -> Iterator[subprocess.Popen[bytes]]:
    """With the detector in `folder / "head"`."""
    chosen = {"replay_checkpoint_s": "0.3", "replay_niceness": "0"}
    surroundings = environment(settings, folder, head=str(folder / "head"), **chosen)
    with process("services.scoring.replay", surroundings, folder / "replay.log") as running:
        yield running


def put(settings: ServiceSettings, *outgoing: Outgoing) -> None:
    publisher = KafkaPublisher(settings, "test")
    for one in outgoing:
        publisher.publish(one)
    publisher.flush()


def request(run: str, **more: Any) -> ReplayRequested:
    fields = {
        "run": run,
        "tenant_id": TENANT,
        "since": ORIGIN + timedelta(seconds=20),
        "until": ORIGIN + timedelta(hours=1),
        "sources": tuple(source(one) for one in range(SOURCES)),
        "backbone": "i3d_k400",
        "requested_at": ORIGIN,
    }
    return ReplayRequested(**fields | more)


def is_at(run: str, state: str, windows: int = 0) -> Callable[[Message], bool]:
    def holds(message: Message) -> bool:
        is_it = isinstance(message, ReplayProgressed) and message.run == run
        return is_it and message.state == state and message.windows >= windows  # type: ignore[attr-defined]

    return holds


def children_of(process: subprocess.Popen[bytes]) -> list[int]:
    text = Path(f"/proc/{process.pid}/task/{process.pid}/children").read_text()
    return [int(pid) for pid in text.split()]


def is_there(pid: int) -> bool:
    try:
        return "Z" not in Path(f"/proc/{pid}/stat").read_text().rsplit(")", 1)[1].split()[0]
    except OSError:
        return False
