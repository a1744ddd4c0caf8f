"""Replays run as jobs, and killed."""

from collections.abc import Iterator, Sequence
from dataclasses import replace
from typing import Any

from schemas.alerts import AlertOpened
from schemas.embeddings import EmbeddingExtracted
from schemas.replays import ReplayProgressed, ReplayRequested
from schemas.topics import ALERTS, EMBEDDINGS, POLICIES, REPLAY_PROGRESS, SCORES, SOURCES, Topic
from services.chassis.clock import ManualClock
from services.chassis.storage.objects import MemoryObjects
from services.chassis.streaming.memory import MemoryBroker
from services.chassis.streaming.publisher import Publisher
from services.chassis.streaming.records import Outgoing
from services.scoring.archive.reading import Archive
from services.scoring.replay.archived import ArchivedRows
from services.scoring.replay.log import Packed, Span
from services.scoring.replay.running import Job, Surroundings
from tests.builders import ORIGIN, source
from tests.unit.scoring.replay.memory import MemoryLog
from tests.unit.scoring.replay.outputs import scores
from tests.unit.scoring.replay.test_core import DETECTOR, HIGHS, footage, live, moment

TENANT = source(99)


def request(**more: Any) -> ReplayRequested:
    fields = {
        "run": "again",
        "tenant_id": TENANT,
        "since": ORIGIN,
        "until": moment(200),
        "sources": (source(0), source(1), source(2)),
        "backbone": "i3d_k400",
        "requested_at": ORIGIN,
    }
    return ReplayRequested(**fields | more)


class SmallReads:
    """A log that gives a few records at a time, so that there is much to be killed between."""

    def __init__(self, broker: MemoryBroker, most: int = 10) -> None:
        self._log, self._most = MemoryLog(broker), most

    def span(self, topic: Topic, since: Any, until: Any) -> Span:
        return self._log.span(topic, since, until)

    def read(self, topic: Topic, span: Span, most: int) -> Iterator[Sequence[Packed]]:
        return self._log.read(topic, span, min(most, self._most))


class Killed(BaseException):
    """What kill -9 is to the job."""


class DyingPublisher:
    """Ends the job with the n-th message; what was published before lies on the log."""

    def __init__(self, publisher: Publisher, left: int) -> None:
        self._publisher, self._left = publisher, left

    def publish(self, outgoing: Outgoing) -> None:
        if self._left == 0:
            raise Killed
        self._left -= 1
        self._publisher.publish(outgoing)

    def flush(self) -> None:
        self._publisher.flush()


def around(broker: MemoryBroker, store: MemoryObjects | None = None) -> Surroundings:
    store = store or MemoryObjects()
    return Surroundings(broker, SmallReads(broker), store, broker.publisher("scoring"))


def results(broker: MemoryBroker) -> tuple[dict[Any, Any], dict[Any, Any]]:
    """What is stored in the end: scores by clip, the latest message of each alert."""
    latest = {one.alert_id: one for one in broker.messages(ALERTS)}  # type: ignore[attr-defined]
    return scores(broker.messages(SCORES)), latest


def told(broker: MemoryBroker) -> list[ReplayProgressed]:
    return [one for one in broker.messages(REPLAY_PROGRESS) if isinstance(one, ReplayProgressed)]


def expected() -> list[Any]:
    return live(footage(HIGHS, sources=3))


def begun(messages: Sequence[Any]) -> list[tuple[str, str, float, str]]:
    """Where each alert begins, and what it is."""
    found = [one for one in messages if isinstance(one, AlertOpened)]
    return sorted({(one.key, one.rule, one.start_s, one.model_id) for one in found})


ARCHIVED = [one for one in footage(HIGHS, sources=3) if isinstance(one, EmbeddingExtracted)]
NOTHING_ON_THE_LOG = [EMBEDDINGS, SCORES, ALERTS, POLICIES, SOURCES, REPLAY_PROGRESS]


def from_archive(
    broker: MemoryBroker, store: MemoryObjects, publisher: Publisher | None = None, **more: Any
) -> Job:
    """A job over the archive in the same store, a few rows at a time."""
    asked = request(input="archive", **more)
    archive = ArchivedRows(Archive(store), "embeddings", asked)
    publisher = publisher or broker.publisher("scoring")
    clock = ManualClock()
    surroundings = replace(around(broker, store), archive=archive, publisher=publisher, clock=clock)
    return Job(asked, DETECTOR, surroundings, checkpoint_s=1e-9)
