"""Consumer groups of the fake broker: who owns which partition, and what is committed."""

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, field
from threading import Condition
from typing import Literal, Protocol

from services.chassis.errors import TransientError
from services.chassis.streaming.broker import Bounds, Position, Rebalances
from services.chassis.streaming.records import Partition, Record

Operation = Literal["produce", "commit", "ask"]
"""What a test may let fail."""


class Logs(Protocol):
    """What a member needs of the fake broker."""

    changed: Condition

    def raise_failure(self, operation: Operation) -> None: ...

    def partitions(self, name: str) -> list[Partition]: ...

    def fetch(self, offsets: Mapping[Partition, int], most: int) -> list[Record]: ...

    def bounds(self, partition: Partition) -> Bounds: ...


@dataclass
class Group:
    """Cooperative and sticky: a member gives up only what another is to have, and that one gets
    it only then.
    """

    members: "list[MemoryConsumer]" = field(default_factory=list)
    owners: "dict[Partition, MemoryConsumer]" = field(default_factory=dict)
    wanted: "dict[Partition, MemoryConsumer]" = field(default_factory=dict)
    commits: dict[Partition, Position] = field(default_factory=dict)

    def rebalance(self) -> None:
        """Decide anew who shall own what; the members carry it out as they poll."""
        partitions = sorted({one for member in self.members for one in member.subscribed})
        self.wanted = {}
        for index, member in enumerate(self.members):
            quota = len(partitions) // len(self.members)
            quota += index < len(partitions) % len(self.members)
            kept = [one for one in partitions if self.owners.get(one) is member][:quota]
            self.wanted.update(dict.fromkeys(kept, member))
        free = [one for one in partitions if one not in self.wanted]
        for partition in free:
            counts = {id(member): 0 for member in self.members}
            for member in self.wanted.values():
                counts[id(member)] += 1
            self.wanted[partition] = min(self.members, key=lambda one: counts[id(one)])

    def remove(self, member: "MemoryConsumer") -> None:
        if member in self.members:
            self.members.remove(member)
        for partition in self.owned_by(member):
            del self.owners[partition]
        self.rebalance()

    def owned_by(self, member: "MemoryConsumer") -> set[Partition]:
        return {one for one, owner in self.owners.items() if owner is member}

    def wanted_by(self, member: "MemoryConsumer") -> set[Partition]:
        return {one for one, owner in self.wanted.items() if owner is member}


class MemoryConsumer:
    """A member of a group."""

    def __init__(self, broker: Logs, group: Group) -> None:
        self._broker, self._group = broker, group
        self.subscribed: list[Partition] = []
        self._rebalances: Rebalances | None = None
        self._next: dict[Partition, int] = {}
        self._paused = self._expelled = self._is_cut_off = self._killed = False
        self._failed: set[Partition] = set()

    def subscribe(self, topics: Collection[str], rebalances: Rebalances) -> None:
        self._broker.raise_failure("ask")
        with self._broker.changed:
            self._rebalances = rebalances
            self.subscribed = [one for name in topics for one in self._broker.partitions(name)]
            self._group.members.append(self)
            self._group.rebalance()
            self._broker.changed.notify_all()

    def poll(self, most: int, timeout_s: float) -> Sequence[Record]:
        self._follow_group()
        with self._broker.changed:
            self._broker.changed.wait_for(lambda: self._must_move() or self._ahead(1), timeout_s)
            records = self._ahead(most)
            self._next.update((one.partition, one.offset + 1) for one in records)
            return records

    def _ahead(self, most: int) -> list[Record]:
        return [] if self._paused else self._broker.fetch(self._next, most)

    def _must_move(self) -> bool:
        wanted, owned = self._group.wanted_by(self), self._group.owned_by(self)
        free = {one for one in wanted if one not in self._group.owners}
        is_to_join = self._expelled and (bool(self._next) or not self._is_cut_off)
        return is_to_join or bool(owned - wanted or free)

    def _follow_group(self) -> None:
        """Callbacks run without the lock: they wait for threads that use the broker."""
        if self._killed or self._rebalances is None:
            return
        if self._expelled:
            self._rejoin(self._rebalances)
        with self._broker.changed:
            surplus = self._group.owned_by(self) - self._group.wanted_by(self)
        if surplus:
            self._give_up(surplus, self._rebalances)
        with self._broker.changed:
            wanted = self._group.wanted_by(self)
            fresh = {one for one in wanted if one not in self._group.owners}
            self._group.owners.update(dict.fromkeys(fresh, self))
        if fresh:
            self._paused = False
            self._next.update(self._rebalances.assigned(fresh))

    def _give_up(self, partitions: Collection[Partition], rebalances: Rebalances) -> None:
        self._paused = False
        rebalances.revoked(partitions)
        with self._broker.changed:
            mine = self._group.owned_by(self)  # less than before where it was killed meanwhile
            for partition in partitions:
                self._next.pop(partition, None)
                if partition in mine:
                    del self._group.owners[partition]
            self._broker.changed.notify_all()

    def _rejoin(self, rebalances: Rebalances) -> None:
        if self._next:
            rebalances.lost(set(self._next))
        with self._broker.changed:
            self._next.clear()
            if self._is_cut_off:
                return
            self._expelled = False
            self._group.members.append(self)
            self._group.rebalance()
            self._broker.changed.notify_all()

    def commit(self, positions: Mapping[Partition, Position]) -> None:
        try:
            self.commit_now(positions)
        except TransientError:
            self._failed.update(positions)

    def commit_now(self, positions: Mapping[Partition, Position]) -> None:
        self._broker.raise_failure("commit")
        with self._broker.changed:
            if not set(positions) <= self._group.owned_by(self):
                raise TransientError("these partitions belong to another member now")
            self._group.commits.update(positions)
            self._broker.changed.notify_all()

    def failed_commits(self) -> Collection[Partition]:
        failed, self._failed = self._failed, set()
        return failed

    def committed(self, partitions: Collection[Partition]) -> dict[Partition, Position]:
        self._broker.raise_failure("ask")
        with self._broker.changed:
            commits = self._group.commits
            return {one: commits[one] for one in partitions if one in commits}

    def bounds(self, partition: Partition) -> Bounds:
        return self._broker.bounds(partition)

    def pause(self) -> None:
        self._paused = True

    def resume(self) -> None:
        self._paused = False

    def seek(self, offsets: Mapping[Partition, int]) -> None:
        self._next.update(offsets)

    def close(self) -> None:
        with self._broker.changed:
            owned = self._group.owned_by(self)
        if owned and self._rebalances is not None:
            self._give_up(owned, self._rebalances)
        self.kill()

    def kill(self) -> None:
        """Gone without a word, as after kill -9 and the session's timeout. No commit counts."""
        with self._broker.changed:
            self._killed = True
            self._group.remove(self)
            self._broker.changed.notify_all()

    def expel(self, is_cut_off: bool = False) -> None:
        """The group went on without this member, which learns of it at its next poll, and joins
        anew at once, or where it is cut off after `reconnect`.
        """
        with self._broker.changed:
            self._expelled, self._is_cut_off = True, is_cut_off
            self._group.remove(self)
            self._broker.changed.notify_all()

    def reconnect(self) -> None:
        with self._broker.changed:
            self._is_cut_off = False
            self._broker.changed.notify_all()
