"""The joiners of the partitions that one handler reads, and how long each has been silent."""

from collections.abc import Collection, Mapping, Sequence
from typing import Any

from schemas.clips import ClipRecorded, SequenceId
from services.chassis.clock import Clock, SystemClock
from services.chassis.streaming.records import Incoming, Partition
from services.features.core import Layout, Received, Window
from services.features.joiner import Joiner, Patience

Place = tuple[Partition, int]
"""A partition and an offset."""


class Partitions:
    """What a batch or a tick puts out counts once `settle` is called; until then the same batch has
    the same windows.
    """

    def __init__(self, layout: Layout, patience: Patience, clock: Clock | None = None) -> None:
        self._layout, self._patience = layout, patience
        self._clock = clock or SystemClock()
        self._joiners: dict[Partition, Joiner] = {}
        self._heard_s: dict[Partition, float] = {}
        self._at_work: list[Place] = []

    def begin(self, batch: Sequence[Incoming]) -> None:
        """These are the records at work; their partitions are not silent."""
        self._at_work = [(item.record.partition, item.record.offset) for item in batch]
        now_s = self._clock.monotonic()
        self._heard_s.update((partition, now_s) for partition, _ in self._at_work)

    def take(self, item: Incoming, content: Any = None, again: bool = False) -> tuple[Window, ...]:
        """The windows to put out because of a clip (see Joiner.take)."""
        clip, partition = item.message, item.record.partition
        assert isinstance(clip, ClipRecorded)
        if partition not in self._joiners:
            self._joiners[partition] = Joiner(self._layout, self._patience)
        place = clip.model_copy(update={"frames": ()})
        return self._joiners[partition].take(Received(place, item.record.offset, content), again)

    def fall_silent(self) -> list[Window]:
        """What waits on partitions from which nothing came for too long; these are at work now."""
        heard_before_s = self._clock.monotonic() - self._patience.silence_s
        silent = [one for one, heard_s in self._heard_s.items() if heard_s <= heard_before_s]
        self._at_work = [(partition, Joiner.silence) for partition in silent]
        return [window for one in silent for window in self._joiners[one].fall_silent()]

    def settle(self) -> Sequence[Place]:
        """What was at work is acknowledged; returns where it stood."""
        settled, self._at_work = self._at_work, []
        for partition, offset in settled:
            self._joiners[partition].settle(offset)
        return settled

    def held(self) -> Mapping[Partition, int]:
        """The first offset of each partition that a restart must see again."""
        holds = {partition: joiner.held for partition, joiner in self._joiners.items()}
        return {partition: offset for partition, offset in holds.items() if offset is not None}

    def forget(self, partitions: Collection[Partition]) -> None:
        for partition in partitions:
            self._joiners.pop(partition, None)
            self._heard_s.pop(partition, None)

    def ended(self, partition: Partition, sequences: Collection[SequenceId]) -> list[SequenceId]:
        """Which of these sequences of a partition are kept no longer."""
        joiner = self._joiners.get(partition, ())
        return [sequence for sequence in sequences if sequence not in joiner]
