"""The handlers of features and judging and the step of episodes, joined by logs in memory.

Records are read in batches, committed as the consume loop commits them, and read again after a
kill. One partition a topic: nothing here depends on their number.
"""

import random
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from threading import Event
from typing import Any, TypeVar
from uuid import UUID

import numpy as np

from schemas.base import Message
from schemas.clips import ClipRecorded
from services.chassis.clock import ManualClock
from services.chassis.streaming.handler import Handler
from services.chassis.streaming.records import Incoming, Outgoing, Partition, Record
from services.features.backbones.base import Pixels, Vectors
from services.features.extraction import Extraction
from services.features.joiner import BULK, LIVE, Patience
from services.scoring.episodes.in_force import Detectors
from services.scoring.episodes.policy import Cards
from services.scoring.episodes.service import EpisodesStep
from services.scoring.episodes.table import Kept
from services.scoring.judging.detector import Detector
from services.scoring.judging.live import JudgingHandler
from tests.checkpoints import judging

M = TypeVar("M", bound=Message)
BATCH = 64
FIGHT, QUIET = (1.0, 0.0), (-1.0, 0.0)


class Eye:
    """A backbone of two clips that tells by one pixel whether somebody fights."""

    id, window, frames, size, dim, at_once = "i3d_k400", 2, 2, 1, 2, 8

    def embed(self, windows_BTHWC: Sequence[Pixels]) -> Vectors:
        rows = [FIGHT if window.max() else QUIET for window in windows_BTHWC]
        return np.array(rows, np.float32).reshape(-1, self.dim)


class Seeing(Extraction):
    """Extraction of clips whose frame is a word instead of a picture."""

    def prepare(self, message: Message) -> Pixels:
        assert isinstance(message, ClipRecorded)
        return np.full((1, 1, 1, 3), 255 * (message.frames[0] == b"fight"), np.uint8)


@dataclass
class Stage:
    """A handler that reads one partition, and how far it is."""

    make: Callable[[], Handler]
    partition: Partition
    log: list[Message] = field(default_factory=list)
    done: int = 0
    committed: int = 0
    _next: int = 0
    _handler: Handler | None = None

    @property
    def handler(self) -> Handler:
        if self._handler is None:
            self._handler, self._next = self.make(), self.committed
        return self._handler

    def play(self, now: datetime, most: int | None = None) -> list[Message]:
        """What comes of the records up to the end, or of so many, and of a tick."""
        handler, found = self.handler, []
        end = len(self.log) if most is None else min(len(self.log), self._next + most)
        while self._next < end:
            upto = min(self._next + BATCH, end)
            items = [self._item(offset) for offset in range(self._next, upto)]
            found += self._settled(handler.handle(items, Event()))
            self._next, self.done = upto, max(self.done, upto)
            self._commit()
        if most is None:
            found += self._settled(handler.tick(now))
            self._commit()
        return found

    def kill(self, now: datetime, chance: random.Random) -> list[Message]:
        """It dies among its records: some came out and were not committed."""
        out = self.play(now, chance.randrange(BATCH))
        done, committed = self.done, self.committed
        if chance.random() < 0.5 and self._next < len(self.log):
            out += self.play(now, chance.randrange(1, BATCH))
            self.done, self.committed = done, committed
        self._handler = None
        return out

    def _item(self, offset: int) -> Incoming:
        message = self.log[offset]
        record = Record(self.partition, offset, message.key.encode(), b"")
        prepared = self.handler.prepare(message)
        return Incoming(record, message, prepared, again=offset < self.done)

    def _settled(self, outputs: Iterable[Outgoing]) -> list[Message]:
        found = [out.message for out in outputs if out.message is not None]
        self.handler.settle()
        return found

    def _commit(self) -> None:
        self.committed = min(self.done, self.handler.held().get(self.partition, self.done))


class Line:
    """Clips in, scores and alerts out."""

    def __init__(self, detector: Detector, chance: random.Random) -> None:
        self._chance, self._clock = chance, ManualClock()
        self._features = self._lane(LIVE, "clips.live.v1")
        self._late = self._lane(BULK, "clips.bulk.v1")
        self._judging = Stage(lambda: judging(detector), Partition("embeddings.v1", 0))
        cards = Cards(tuple(head.card for head in detector.heads))
        self._detectors = Detectors(cards, frozenset({Eye.id}), Eye.window)
        self._episodes = EpisodesStep(self._detectors)
        self._states: dict[UUID, bytes] = {}
        self._out: list[Message] = []
        self.recorded: list[ClipRecorded] = []
        self.lags: dict[str, list[int]] = {"features": [], "judging": []}
        self.peak_sources = self.kills = 0

    def out(self, kind: type[M]) -> list[M]:
        return [message for message in self._out if isinstance(message, kind)]

    def record(self, clip: ClipRecorded) -> None:
        self.recorded.append(clip)
        (self._late if clip.is_late else self._features).log.append(clip)

    def play(self, now: datetime) -> None:
        """All that lies on the logs goes through, and a second's tick at each stage."""
        self._clock.wait(max(0.0, (now - self._clock.now()).total_seconds()), Event())
        self._judging.log += self._features.play(now)
        self._judging.log += self._late.play(now)
        self._judge(self._judging.play(now))
        self._tick(now)
        self.peak_sources = max(self.peak_sources, self.sources_kept)
        for name, stage in (("features", self._features), ("judging", self._judging)):
            self.lags[name].append(len(stage.log) - stage.committed)

    def kill_one(self) -> None:
        """One worker of the three dies, at any record."""
        self.kills += 1
        now = self._clock.now()
        victim = self._chance.choice(["features", "judging", "episodes"])
        if victim == "features":
            for lane in (self._features, self._late):
                self._judging.log += lane.kill(now, self._chance)
        elif victim == "judging":
            self._judge(self._judging.kill(now, self._chance))
        else:
            self._episodes = EpisodesStep(self._detectors)

    @property
    def sources_kept(self) -> int:
        """Of how many sequences judging still holds records on the log."""
        handler = self._judging.handler
        assert isinstance(handler, JudgingHandler)
        return len(handler)

    def _lane(self, patience: Patience, topic: str) -> Stage:
        eye: Any = Eye()
        return Stage(lambda: Seeing(eye, patience, clock=self._clock), Partition(topic, 0))

    def _judge(self, judged: Sequence[Message]) -> None:
        for message in judged:
            source_id = UUID(message.key)
            record = Record(Partition("judgements.v1", 0), 0, message.key.encode(), b"")
            self._keep(source_id, *self._episodes(self._state(source_id), record, message))

    def _tick(self, now: datetime) -> None:
        for source_id in list(self._states):
            state = self._state(source_id)
            assert state is not None
            self._keep(source_id, *self._episodes.tick(state, now))

    def _state(self, source_id: UUID) -> Kept | None:
        packed = self._states.get(source_id)
        return None if packed is None else self._episodes.unpack(packed)

    def _keep(self, source_id: UUID, state: Kept | None, outputs: Iterable[Outgoing]) -> None:
        self._out += [out.message for out in outputs if out.message is not None]
        if state is None:
            self._states.pop(source_id, None)
        else:
            self._states[source_id] = self._episodes.pack(state)
