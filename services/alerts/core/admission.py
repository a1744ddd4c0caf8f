"""Which targets are attempted next, so that none waits for another that hangs.

A target has one attempt at work. Of all attempts a tenant has a share, and targets whose latest
attempt was slow have a share together: whoever hangs takes from these, never from everybody.
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
class Shares:
    """How many attempts may be at work at once, in all and of whom."""

    all: int = 64
    tenant: int = 16
    slow: int = 24


def admitted(
    due: Iterable[Pending],
    at_work: Mapping[UUID, UUID | None],
    slow: Collection[UUID],
    shares: Shares,
) -> list[Pending]:
    """Those of the due to attempt now, tenants with the least at work first, then the longest due.

    `at_work` has the tenant of each target that is attempted already.
    """
    of_tenant = Counter(at_work.values())
    slow_at_work = sum(target_id in slow for target_id in at_work)
    waiting = [each for each in due if each.target_id not in at_work]
    chosen: list[Pending] = []
    rounds = _rounds(waiting, of_tenant)
    for each in rounds:
        is_slow = each.target_id in slow
        if len(at_work) + len(chosen) >= shares.all:
            break
        if of_tenant[each.tenant_id] >= shares.tenant or (is_slow and slow_at_work >= shares.slow):
            continue
        of_tenant[each.tenant_id] += 1
        slow_at_work += is_slow
        chosen.append(each)
    return chosen


def _rounds(waiting: list[Pending], of_tenant: Mapping[UUID | None, int]) -> list[Pending]:
    """Every tenant's first, then every tenant's second: by what the tenant would have at work."""
    turns: Counter[UUID | None] = Counter()
    placed: list[tuple[int, float, int, Pending]] = []
    for number, each in enumerate(sorted(waiting, key=lambda item: item.due_at)):
        turn = of_tenant.get(each.tenant_id, 0) + turns[each.tenant_id]
        turns[each.tenant_id] += 1
        placed.append((turn, each.due_at, number, each))
    return [each for *_, each in sorted(placed)]
