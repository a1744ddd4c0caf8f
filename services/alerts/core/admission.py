"""Which targets are attempted next, so that none waits for another that hangs.

A target has one attempt at work. Whoever is quick shares `all` places, a tenant `tenant` of them.
An attempt that takes long gives its place back and counts as slow from then on; targets whose
latest attempt was slow have few places of their own. A tenant with nothing at work always goes.
"""

from collections import Counter
from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass
from uuid import UUID


@dataclass(frozen=True)
class Pending:
    """A target to which something is to be sent at `due_at` (seconds since the epoch) first."""

    target_id: UUID
    tenant_id: UUID | None
    due_at: float


@dataclass(frozen=True)
class Working:
    """An attempt at work. `is_slow`: it takes long already, or its target did the last time."""

    tenant_id: UUID | None
    is_slow: bool = False


@dataclass(frozen=True)
class Shares:
    """How many attempts may be at work at once, in all and of whom."""

    all: int = 64
    tenant: int = 16
    slow: int = 24
    """Targets that were slow begin only below this many slow attempts, and below a third of it of
    their tenant.
    """

    @property
    def tenant_slow(self) -> int:
        return max(1, self.slow // 3)

    @property
    def tenant_most(self) -> int:
        """Whoever hangs included, which nobody foresees at the first attempt."""
        return 2 * self.tenant

    @property
    def most(self) -> int:
        """Beyond it only tenants go that have nothing at work."""
        return 4 * self.all


def admitted(
    due: Iterable[Pending],
    at_work: Mapping[UUID, Working],
    slow: Collection[UUID],
    shares: Shares,
) -> list[Pending]:
    """Those of the due to attempt now, tenants with the least at work first, then the longest due.

    `slow` are the targets whose latest attempt was.
    """
    counts = _Counts(at_work.values())
    waiting = [each for each in due if each.target_id not in at_work]
    chosen: list[Pending] = []
    for each in _rounds(waiting, Counter(work.tenant_id for work in at_work.values())):
        work = Working(each.tenant_id, each.target_id in slow)
        if counts.admit(work, shares):
            counts.add(work)
            chosen.append(each)
    return chosen


class _Counts:
    """Attempts at work, of whom and how."""

    def __init__(self, at_work: Iterable[Working]) -> None:
        self._of: Counter[Working] = Counter(at_work)

    def add(self, work: Working) -> None:
        self._of[work] += 1

    def admit(self, work: Working, shares: Shares) -> bool:
        mine = self._of[Working(work.tenant_id)], self._of[Working(work.tenant_id, True)]
        if not any(mine):
            return True
        swift, slow = self._all(False), self._all(True)
        if swift + slow >= shares.most or sum(mine) >= shares.tenant_most:
            return False
        if work.is_slow:
            return slow < shares.slow and mine[1] < shares.tenant_slow
        return swift < shares.all and mine[0] < shares.tenant

    def _all(self, is_slow: bool) -> int:
        return sum(count for work, count in self._of.items() if work.is_slow == is_slow)


def _rounds(waiting: list[Pending], of_tenant: Mapping[UUID | None, int]) -> list[Pending]:
    """Every tenant's first, then every tenant's second: by what the tenant would have at work."""
    turns: Counter[UUID | None] = Counter()
    placed: list[tuple[int, float, int, Pending]] = []
    for number, each in enumerate(sorted(waiting, key=lambda item: item.due_at)):
        turn = of_tenant.get(each.tenant_id, 0) + turns[each.tenant_id]
        turns[each.tenant_id] += 1
        placed.append((turn, each.due_at, number, each))
    return [each for *_, each in sorted(placed)]
