"""Replays on real Kafka and a real store: kill -9 of the worker and of the replay in the middle,
whatever they read; cancelled at once, gone on with where it was, removed without a trace.
"""

import os
import signal
import sys
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

from schemas.base import Message
from schemas.embeddings import EmbeddingExtracted
from schemas.poses import PosesExtracted
from schemas.replays import ReplayProgressed
from schemas.topics import ALERTS, EMBEDDINGS, POSES, REPLAY_PROGRESS, REPLAYS, SCORES, Topic
from services.chassis.settings import ServiceSettings
from services.chassis.storage.objects import ObjectStore
from services.chassis.storage.s3 import S3Objects
from services.chassis.streaming.records import Outgoing
from services.chassis.streaming.tail import Tail
from services.scoring.judging.detector import assemble
from services.scoring.replay.checkpoint import Records
from services.scoring.replay.core import Replay
from services.scoring.replay.planning import stretch_of
from tests.builders import SPEC, source
from tests.checkpoints import cosine_head, random_head, window
from tests.integration.replays import (
    ORIGIN,
    PATIENCE_S,
    SOURCES,
    TENANT,
    children_of,
    is_at,
    is_there,
    put,
    request,
    worker,
)
from tests.unit.scoring.poses.people import at, standing
from tests.unit.scoring.replay.archives import put_archive
from tests.unit.scoring.replay.outputs import rows, scores
from tests.waiting import wait_until

pytestmark = pytest.mark.integration
WINDOWS = 360
"""Of each source; the first ten or so lie before the stretch."""


def _cut(number: int, clips: int, of: int) -> dict[str, Any]:
    cut_at = ORIGIN + timedelta(seconds=number * clips * 16 / 15)
    return {
        "source_id": source(of),
        "source_kind": "camera",
        "origin_at": ORIGIN,
        "cut_at": cut_at,
    }


def seen(sources: int = SOURCES) -> list[EmbeddingExtracted]:
    """An alert every forty windows of a source."""
    return [
        window(number, number % 40 in range(5, 10), **_cut(number, 2, of))
        for number in range(WINDOWS)
        for of in range(sources)
    ]


def walked() -> list[PosesExtracted]:
    """Somebody at each source, who crosses the picture again and again."""
    return [
        standing(
            number,
            at(0.1 + 0.05 * (number % 15), 1 + number // 15),
            **_cut(number, 1, of),
        )
        for number in range(WINDOWS)
        for of in range(SOURCES)
    ]


def _heads_of_poses(folder: Path) -> None:
    made_for = {"backbone": "yolov8_pose", "window": 1, "spec": SPEC}
    random_head(folder / "scene", "linear", dim=114, **made_for)
    random_head(folder / "person", "lstm_ae", dim=38, **made_for)


def _on(topic: Topic) -> Callable[[ServiceSettings, ObjectStore, Sequence[Any]], None]:
    def lay(settings: ServiceSettings, _: ObjectStore, messages: Sequence[Any]) -> None:
        put(settings, *(Outgoing(topic, message) for message in messages))

    return lay


def _in_the_archive(_: ServiceSettings, store: ObjectStore, messages: Sequence[Any]) -> None:
    put_archive(store, TENANT, messages, most=40)


@dataclass(frozen=True)
class Case:
    """Where what a replay reads lies, and what it is."""

    write_detector: Callable[[Path], object]
    footage: Callable[[], Sequence[Any]]
    lay: Callable[[ServiceSettings, ObjectStore, Sequence[Any]], None]
    asks: dict[str, Any]


CASES = {
    # on the log lies another's footage between
    "log": Case(cosine_head, lambda: seen(SOURCES + 1), _on(EMBEDDINGS), {}),
    "archive": Case(cosine_head, seen, _in_the_archive, {"input": "archive"}),
    "poses": Case(_heads_of_poses, walked, _on(POSES), {"backbone": "yolov8_pose"}),
}


def _undisturbed(messages: Sequence[Any], folder: Path, asks: dict[str, Any]) -> list[Message]:
    replay = Replay(assemble(folder / "head"), stretch_of(request("again", **asks)))
    taken = messages if isinstance(messages[0], PosesExtracted) else rows(messages)
    return [*replay.take(taken), *replay.finish()]


@pytest.mark.skipif(sys.platform != "linux", reason="reads /proc")
@pytest.mark.parametrize("name", CASES)
def test_kill_9_changes_nothing(settings: ServiceSettings, tmp_path: Path, name: str) -> None:
    case, messages = CASES[name], CASES[name].footage()
    case.write_detector(tmp_path / "head")
    case.lay(settings, S3Objects.connect(settings), messages)
    told, scored, alerts = (Tail(settings, topic) for topic in (REPLAY_PROGRESS, SCORES, ALERTS))
    put(settings, Outgoing(REPLAYS, request("again", windows_per_s=250.0, **case.asks)))

    with worker(settings, tmp_path) as process:
        told.until(is_at("again", "running", windows=200), PATIENCE_S)
        [child] = children_of(process)
        process.kill()
        wait_until(lambda: not is_there(child))
    with worker(settings, tmp_path) as process:
        told.until(is_at("again", "running", windows=600), PATIENCE_S)
        os.kill(children_of(process)[0], signal.SIGKILL)
        done = told.until(is_at("again", "done"), PATIENCE_S)[-1]
    wanted = _undisturbed(messages, tmp_path, case.asks)
    assert scores(scored.drain()) == scores(wanted)
    found = {one.alert_id for one in alerts.drain()}  # type: ignore[attr-defined]
    assert found == {one.alert_id for one in wanted if hasattr(one, "alert_id")}
    assert found
    assert isinstance(done, ReplayProgressed)
    assert done.windows == SOURCES * WINDOWS
    assert done.alerts == len(found)


def _noted(store: ObjectStore, run: str) -> int:
    """Windows of the latest checkpoint, from which it goes on however many were told of."""
    checkpoint = Records(store, run).checkpoint()
    return int(checkpoint.states["windows"]) if checkpoint else 0


@pytest.mark.skipif(sys.platform != "linux", reason="reads /proc")
def test_an_end_is_at_once_and_goes_on_or_leaves_no_trace(
    settings: ServiceSettings, tmp_path: Path
) -> None:
    cosine_head(tmp_path / "head")
    put(settings, *(Outgoing(EMBEDDINGS, message) for message in seen()))
    told = Tail(settings, REPLAY_PROGRESS)
    slow = request("slow", windows_per_s=20.0)
    put(settings, Outgoing(REPLAYS, slow))
    with worker(settings, tmp_path) as process:
        told.until(is_at("slow", "running", windows=20), PATIENCE_S)
        store = S3Objects.connect(settings)
        wait_until(lambda: _noted(store, "slow"))
        [child] = children_of(process)
        put(settings, Outgoing(REPLAYS, slow.model_copy(update={"is_cancelled": True})))
        end = told.until(is_at("slow", "cancelled", windows=1), PATIENCE_S)[-1]
        assert not is_there(child)
        again = slow.model_copy(update={"requested_at": datetime.now(UTC)})
        put(settings, Outgoing(REPLAYS, again))
        on = told.until(is_at("slow", "running"), PATIENCE_S)[-1]
        assert on.windows == end.windows  # type: ignore[attr-defined]
        assert list(store.list("replays/"))
        put(settings, Outgoing(REPLAYS, None, key="slow"))
        wait_until(lambda: not list(store.list("replays/")))
