"""Replays on real Kafka and a real store: kill -9 of the worker and of the replay in the middle,
cancelled at once, removed without a trace.
"""

import os
import signal
import subprocess
import sys
from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from confluent_kafka import TopicPartition
from confluent_kafka.admin import AdminClient
from structlog.testing import capture_logs

from schemas.base import Message
from schemas.clips import ClipSpec
from schemas.codec import encode
from schemas.embeddings import EmbeddingExtracted
from schemas.poses import PosesExtracted
from schemas.replays import ReplayProgressed, ReplayRequested
from schemas.topics import ALERTS, EMBEDDINGS, POSES, REPLAY_PROGRESS, REPLAYS, SCORES
from services.chassis.settings import ServiceSettings
from services.chassis.storage.s3 import S3Objects
from services.chassis.streaming.clients import client_config
from services.chassis.streaming.publisher import KafkaPublisher
from services.chassis.streaming.records import Outgoing
from services.chassis.streaming.tail import Tail
from services.scoring.judging.detector import assemble
from services.scoring.replay.core import Replay
from services.scoring.replay.inputs import decoder_of
from services.scoring.replay.log import KafkaLog
from services.scoring.replay.planning import stretch_of
from tests.builders import source
from tests.checkpoints import cosine_head, deployed, random_head, window
from tests.integration.processes import environment, process
from tests.unit.scoring.judging.test_core import FROM_POSES
from tests.unit.scoring.poses.people import at, standing
from tests.unit.scoring.replay.archives import put_archive
from tests.unit.scoring.replay.outputs import scores
from tests.waiting import wait_until

pytestmark = pytest.mark.integration
WINDOWS, SOURCES = 500, 4
ORIGIN = datetime.now(UTC) - timedelta(hours=2)
PATIENCE_S = 300


@contextmanager
def worker(settings: ServiceSettings, folder: Path) -> Iterator[subprocess.Popen[bytes]]:
    chosen = {"replay_checkpoint_s": "0.3", "replay_niceness": "0", "replays_at_once": "3"}
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


def are_at(state: str, *runs: str, windows: int = 0) -> Callable[[Message], bool]:
    """True from when all of them were."""
    left = set(runs)

    def holds(message: Message) -> bool:
        left.difference_update([run for run in left if is_at(run, state, windows)(message)])
        return not left

    return holds


def children_of(process: subprocess.Popen[bytes]) -> list[int]:
    text = Path(f"/proc/{process.pid}/task/{process.pid}/children").read_text()
    return [int(pid) for pid in text.split()]


def is_there(pid: int) -> bool:
    try:
        return "Z" not in Path(f"/proc/{pid}/stat").read_text().rsplit(")", 1)[1].split()[0]
    except OSError:
        return False


PEOPLE = (source(7), source(8))


def people() -> list[PosesExtracted]:
    """Two cameras with somebody who comes and goes."""
    return [
        standing(
            index,
            at(0.1 + 0.05 * (index % 9), 1 + index // 20),
            source_id=name,
            source_kind="camera",
            origin_at=ORIGIN,
            cut_at=ORIGIN + timedelta(seconds=index * 16 / 15),
        )
        for index in range(300)
        for name in PEOPLE
        if index % 40 < 35
    ]


@dataclass(frozen=True)
class Asked:
    """One replay, and what it has to give."""

    request: ReplayRequested
    folder: Path
    seen: Sequence[EmbeddingExtracted | PosesExtracted]

    def expected(self) -> list[Any]:
        replay = Replay(assemble(self.folder), stretch_of(self.request))
        decoder = decoder_of(self.request, replay.detector)
        read = [row for one in self.seen if (row := decoder(encode(one))) is not None]
        return [*replay.take(read), *replay.finish()]

    @property
    def windows(self) -> int:
        return sum(one.source_id in self.request.sources for one in self.seen)


def asked_for(store: S3Objects, folder: Path) -> dict[str, Asked]:
    """One stretch of the log and of the archive, and people with a detector from the store."""
    messages, walkers = footage(), people()
    scene, of_people = folder / "head", folder / "people"
    cosine_head(scene)
    random_head(of_people, "lstm_ae", dim=38, spec=ClipSpec(), **FROM_POSES)
    put_archive(store, source(99), messages, 100)
    package = deployed(store, of_people)
    fields = {"sources": PEOPLE, "backbone": "yolov8_pose", "package": package}
    return {
        "again": Asked(request("again", windows_per_s=250.0), scene, messages),
        "old": Asked(request("old", windows_per_s=250.0, input="archive"), scene, messages),
        "people": Asked(request("people", windows_per_s=100.0, **fields), of_people, walkers),
    }


def progress_of(run: str, messages: Iterable[Message]) -> list[ReplayProgressed]:
    return [one for one in messages if isinstance(one, ReplayProgressed) and one.run == run]


@pytest.mark.skipif(sys.platform != "linux", reason="reads /proc")
def test_kill_9_changes_nothing_and_an_end_is_at_once(
    settings: ServiceSettings, tmp_path: Path
) -> None:
    """Three replays side by side, two of them of the same stretch."""
    store = S3Objects.connect(settings)
    asked = asked_for(store, tmp_path)
    put(settings, *(Outgoing(EMBEDDINGS, message) for message in asked["again"].seen))
    put(settings, *(Outgoing(POSES, message) for message in asked["people"].seen))
    told, scored, alerts = (Tail(settings, topic) for topic in (REPLAY_PROGRESS, SCORES, ALERTS))
    put(settings, *(Outgoing(REPLAYS, one.request) for one in asked.values()))

    with worker(settings, tmp_path) as process:
        told.until(are_at("running", *asked, windows=100), PATIENCE_S)
        children = children_of(process)
        process.kill()
        wait_until(lambda: not any(map(is_there, children)))
    told.drain()
    with worker(settings, tmp_path) as process:
        heard = told.until(are_at("running", *asked, windows=300), PATIENCE_S)
        for child in children_of(process):
            os.kill(child, signal.SIGKILL)
        heard += told.until(are_at("done", *asked), PATIENCE_S)
        found = [*scored.drain(), *alerts.drain()]
        for run, one in asked.items():
            wanted, progress = one.expected(), progress_of(run, heard)
            of_run = [each for each in found if each.run == run]  # type: ignore[attr-defined]
            assert scores(of_run) == scores(wanted)
            ids = {each.alert_id for each in of_run if hasattr(each, "alert_id")}
            assert ids
            assert ids == {each.alert_id for each in wanted if hasattr(each, "alert_id")}
            assert progress[0].windows > 0  # it went on
            assert (progress[-1].windows, progress[-1].alerts) == (one.windows, len(ids))

        put(settings, Outgoing(REPLAYS, request("slow", windows_per_s=20.0)))
        told.until(is_at("slow", "running"), PATIENCE_S)
        [child] = children_of(process)
        slow = request("slow", windows_per_s=20.0, is_cancelled=True)
        put(settings, Outgoing(REPLAYS, slow))
        told.until(is_at("slow", "cancelled"), PATIENCE_S)
        assert not is_there(child)
        put(settings, *(Outgoing(REPLAYS, None, key=run) for run in ("slow", *asked)))
        wait_until(lambda: not list(store.list("replays/")))


def test_what_is_deleted_before_it_is_read_is_passed_over_and_told(
    settings: ServiceSettings,
) -> None:
    put(settings, *(Outgoing(EMBEDDINGS, message) for message in footage()[:40]))
    log, hour = KafkaLog(settings), timedelta(hours=1)
    span = log.span(EMBEDDINGS, datetime.now(UTC) - hour, datetime.now(UTC) + hour)
    number = max(span.ends, key=lambda one: span.ends[one])
    name = settings.topic_prefix + EMBEDDINGS.name
    admin = AdminClient(client_config(settings, "admin"))
    deleted = admin.delete_records([TopicPartition(name, number, span.starts[number] + 3)])
    [each.result() for each in deleted.values()]
    with capture_logs() as told:
        read = [record for records in log.read(EMBEDDINGS, span, 10) for record in records]
    assert len(read) == len(span) - 3
    assert [each["records"] for each in told] == [3]
