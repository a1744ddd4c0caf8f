"""Laws of a chain: 500 interleaved cameras with gaps, deaths, restarts and clocks set back and
forth, through judging and episodes. Every clip is judged once in effect, lag and memory are
bounded, every episode closes in the end.
"""

from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from random import Random
from threading import Event
from typing import Any

import pytest

from schemas.alerts import AlertClosed, AlertOpened
from schemas.embeddings import EmbeddingExtracted
from schemas.judgements import ClipJudged
from schemas.scores import ClipScored
from services.chassis.streaming.records import Incoming, Outgoing, Partition, Record
from services.scoring.episodes.in_force import Detectors
from services.scoring.episodes.policy import Cards
from services.scoring.episodes.service import EpisodesStep
from services.scoring.episodes.silence import Bounds
from services.scoring.heads import Head
from services.scoring.judging.detector import Detector
from services.scoring.judging.live import JudgingHandler
from tests.builders import ORIGIN, source
from tests.checkpoints import card, cosine, judging, mean_head, vector_window

CAMERAS, WINDOWS, PARTITIONS, CONTEXT = 500, 18, 4, 3
WINDOW_S = 32 / 15
IDLE_WINDOWS = 3
DETECTOR = Detector((Head(cosine(), card(cosine())), mean_head(CONTEXT)))
BOUNDS = Bounds(camera_s=30.0)
Clip = tuple[str, datetime, int]


def handler() -> JudgingHandler:
    """A process that lets go of a source soon."""
    return judging(DETECTOR, idle_s=IDLE_WINDOWS * WINDOW_S)


@dataclass
class Camera:
    """One camera's life after life, until it dies."""

    number: int
    random: Random
    origin_at: datetime = ORIGIN
    window: int = 0
    is_alive: bool = True

    def next(self, now: datetime) -> EmbeddingExtracted | None:
        if not self.is_alive:
            return None
        chance = self.random.random()
        if chance < 0.02:
            self.is_alive = False
        elif chance < 0.05:
            self.window += self.random.randint(1, 20)  # a gap
        elif chance < 0.08:
            self.origin_at += timedelta(hours=self.random.choice([-24, -1, 1, 24]), seconds=1)
            self.window = 0
        number, self.window = self.window, self.window + 1
        high = float(self.random.random() < 0.4 or number % 8 < 3)
        return vector_window(
            number,
            (high, 1 - high),
            source_id=source(self.number),
            source_kind="camera",
            origin_at=self.origin_at,
            cut_at=now,
        )


@dataclass
class Worker:
    """A judging process after another over the partitions of one log, at least once."""

    random: Random
    handler: JudgingHandler = field(default_factory=lambda: handler())
    logs: list[list[EmbeddingExtracted]] = field(
        default_factory=lambda: [[] for _ in range(PARTITIONS)]
    )
    done: list[int] = field(default_factory=lambda: [0] * PARTITIONS)
    read: list[int] = field(default_factory=lambda: [0] * PARTITIONS)
    commits: list[list[tuple[int, int]]] = field(
        default_factory=lambda: [[] for _ in range(PARTITIONS)]
    )

    def judge(self) -> Iterator[ClipJudged]:
        """All that lies there."""
        for number, log in enumerate(self.logs):
            items = [self._item(number, offset) for offset in range(self.read[number], len(log))]
            for start in range(0, len(items), 64):
                for out in self.handler.handle(items[start : start + 64], Event()):
                    assert isinstance(out.message, ClipJudged)
                    yield out.message
                self.handler.settle()
            self.read[number] = self.done[number] = len(log)

    def commit(self) -> None:
        """What is done, and the oldest record that is held."""
        held = self.handler.held()
        for number, end in enumerate(self.read):
            oldest = held.get(Partition("embeddings.v1", number), end)
            self.commits[number] = [*self.commits[number], (oldest, end)][-2:]

    def restart(self) -> None:
        """After kill -9: the latest commit may not have come through, so some come again."""
        for number, commits in enumerate(self.commits):
            self.read[number], self.done[number] = self.random.choice(commits)
        self.handler = handler()

    @property
    def lag(self) -> int:
        held = self.handler.held()
        return sum(
            end - held.get(Partition("embeddings.v1", number), end)
            for number, end in enumerate(self.read)
        )

    def _item(self, number: int, offset: int) -> Incoming:
        message = self.logs[number][offset]
        record = Record(Partition("embeddings.v1", number), offset, message.key.encode(), b"")
        again = offset < self.done[number]
        return Incoming(record, message, self.handler.prepare(message), again)


class Table:
    """The episodes stream with its states by key, packed as in the real table."""

    def __init__(self) -> None:
        self.states: dict[bytes, bytes] = {}
        self.out: list[Any] = []
        self.restart()

    def restart(self) -> None:
        cards = Cards(tuple(head.card for head in DETECTOR.heads))
        self.step = EpisodesStep(Detectors(cards, frozenset({"i3d_k400"}), 2), BOUNDS)

    def take(self, judged: ClipJudged) -> None:
        key = judged.key.encode()
        record = Record(Partition("judgements.v1", key[0] % PARTITIONS), 0, key, b"")
        before = self.states.get(key)
        state = self.step.unpack(before) if before else None
        self._keep(key, *self.step(state, record, judged))

    def tick(self, now: datetime) -> None:
        for key, packed in list(self.states.items()):
            self._keep(key, *self.step.tick(self.step.unpack(packed), now))

    def of(self, kind: type) -> list[Any]:
        return [message for message in self.out if isinstance(message, kind)]

    def _keep(self, key: bytes, state: Any, outputs: Sequence[Outgoing]) -> None:
        self.out += [out.message for out in outputs]
        if state is None:
            del self.states[key]
        else:
            self.states[key] = self.step.pack(state)


def clips_of(messages: Sequence[EmbeddingExtracted | ClipScored]) -> Counter[Clip]:
    return Counter(
        (message.key, message.origin_at, ref.index) for message in messages for ref in message.clips
    )


@pytest.mark.parametrize("seed", [0])
def test_five_hundred_cameras_lose_double_and_leave_open_nothing(seed: int) -> None:
    random = Random(seed)
    cameras = [Camera(number, Random(1000 * seed + number)) for number in range(CAMERAS)]
    worker, table = Worker(random), Table()
    cut: list[EmbeddingExtracted] = []
    for turn in range(WINDOWS):
        now = ORIGIN + timedelta(seconds=turn * WINDOW_S)
        for camera in random.sample(cameras, CAMERAS):
            if (message := camera.next(now)) is not None:
                worker.logs[camera.number % PARTITIONS].append(message)
                cut.append(message)
        for judged in worker.judge():
            table.take(judged)
        table.tick(now)
        worker.handler.tick(now)
        worker.commit()
        # After a start nobody is idle yet.
        assert worker.lag <= (CONTEXT + 2 * IDLE_WINDOWS) * CAMERAS
        if turn % 6 == 5:
            worker.restart()
            table.restart()
    for second in range(60):
        table.tick(now + timedelta(seconds=second))
        worker.handler.tick(now + timedelta(seconds=second))
    assert worker.lag == 0
    assert clips_of(table.of(ClipScored)) == clips_of(cut)
    opened = Counter(alert.alert_id for alert in table.of(AlertOpened))
    assert len(opened) > CAMERAS
    assert opened == Counter(alert.alert_id for alert in table.of(AlertClosed))
    reasons = Counter(alert.reason for alert in table.of(AlertClosed))
    assert reasons.keys() == {"subsided", "new_life", "source_silent"}
    assert max(map(len, table.states.values())) < 2500
