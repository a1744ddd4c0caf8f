"""Replays on real Kafka and a real store: kill -9 of the worker and of the replay in the middle,
cancelled at once, removed without a trace.
"""

import os
import signal
import subprocess
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

from schemas.base import Message
from schemas.embeddings import EmbeddingExtracted
from schemas.replays import ReplayProgressed, ReplayRequested
from schemas.topics import ALERTS, EMBEDDINGS, REPLAY_PROGRESS, REPLAYS, SCORES
from services.chassis.settings import ServiceSettings
from services.chassis.storage.s3 import S3Objects
from services.chassis.streaming.publisher import KafkaPublisher
from services.chassis.streaming.records import Outgoing
from services.chassis.streaming.tail import Tail
from services.scoring.judging.detector import assemble
from services.scoring.replay.core import Replay
from services.scoring.replay.planning import stretch_of
from tests.builders import source
from tests.checkpoints import cosine_head, window
from tests.integration.processes import environment, process
from tests.unit.scoring.replay.outputs import rows, scores
from tests.waiting import wait_until

pytestmark = pytest.mark.integration
WINDOWS, SOURCES = 500, 4
ORIGIN = datetime.now(UTC) - timedelta(hours=2)
PATIENCE_S = 300


@contextmanager
def worker(settings: ServiceSettings, folder: Path) -> Iterator[subprocess.Popen[bytes]]:
    chosen = {"replay_checkpoint_s": "0.3", "replay_niceness": "0"}
    surroundings = environment(settings, folder, head=str(folder / "head"), **chosen)
    with process("services.scoring.replay", surroundings, folder / "replay.log") as running:
        yield running


def footage() -> list[EmbeddingExtracted]:
    return [
        window(
            number,
            number % 40 in range(5, 10),
            source_id=source(one),
            source_kind="camera",
            origin_at=ORIGIN,
            cut_at=ORIGIN + timedelta(seconds=number * 32 / 15),
        )
        for number in range(WINDOWS)
        for one in range(SOURCES)
    ]


def put(settings: ServiceSettings, *outgoing: Outgoing) -> None:
    publisher = KafkaPublisher(settings, "test")
    for one in outgoing:
        publisher.publish(one)
    publisher.flush()


def request(run: str, **more: Any) -> ReplayRequested:
    fields = {
        "run": run,
        "tenant_id": source(99),
        "since": ORIGIN + timedelta(seconds=20),
        "until": ORIGIN + timedelta(hours=1),
        "sources": tuple(source(one) for one in range(SOURCES - 1)),
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


def expected(messages: list[EmbeddingExtracted], folder: Path) -> Replay | Any:
    replay = Replay(assemble(folder / "head"), stretch_of(request("again")))
    return [*replay.take(rows(messages)), *replay.finish()]


@pytest.mark.skipif(sys.platform != "linux", reason="reads /proc")
def test_kill_9_changes_nothing_and_an_end_is_at_once(
    settings: ServiceSettings, tmp_path: Path
) -> None:
    store = S3Objects.connect(settings)
    cosine_head(tmp_path / "head")
    messages = footage()
    put(settings, *(Outgoing(EMBEDDINGS, message) for message in messages))
    told, scored, alerts = (Tail(settings, topic) for topic in (REPLAY_PROGRESS, SCORES, ALERTS))
    put(settings, Outgoing(REPLAYS, request("again", windows_per_s=250.0)))

    with worker(settings, tmp_path) as process:
        told.until(is_at("again", "running", windows=200), PATIENCE_S)
        [child] = children_of(process)
        process.kill()
        wait_until(lambda: not is_there(child))
    with worker(settings, tmp_path) as process:
        told.until(is_at("again", "running", windows=600), PATIENCE_S)
        os.kill(children_of(process)[0], signal.SIGKILL)
        done = told.until(is_at("again", "done"), PATIENCE_S)[-1]
        wanted = expected(messages, tmp_path)
        assert scores(scored.drain()) == scores(wanted)
        found = {one.alert_id for one in alerts.drain()}  # type: ignore[attr-defined]
        assert found == {one.alert_id for one in wanted if hasattr(one, "alert_id")}
        assert isinstance(done, ReplayProgressed)
        assert done.windows == (SOURCES - 1) * WINDOWS
        assert done.alerts == len(found)

        put(settings, Outgoing(REPLAYS, request("slow", windows_per_s=20.0)))
        told.until(is_at("slow", "running"), PATIENCE_S)
        [child] = children_of(process)
        slow = request("slow", windows_per_s=20.0, is_cancelled=True)
        put(settings, Outgoing(REPLAYS, slow))
        told.until(is_at("slow", "cancelled"), PATIENCE_S)
        assert not is_there(child)
        put(settings, Outgoing(REPLAYS, None, key="slow"), Outgoing(REPLAYS, None, key="again"))
        wait_until(lambda: not list(store.list("replays/")))
