"""Which partitions are this member's: what other threads of the process may work on.

Parts are named after the partition that their records lay on, so the consumer group says as well
who merges which: no lease is needed. A member that is told late merges what another does already;
both write the same object.
"""

from collections.abc import Iterable
from dataclasses import dataclass, field
from threading import Lock


@dataclass
class Owned:
    """Safe between threads. Names are `kind/number`; known once a record of it came."""

    lock: Lock
    names: set[str] = field(default_factory=set)

    def enter(self, name: str) -> None:
        with self.lock:
            self.names.add(name)

    def leave(self, names: Iterable[str]) -> None:
        with self.lock:
            self.names.difference_update(names)

    def __contains__(self, name: str) -> bool:
        with self.lock:
            return name in self.names
