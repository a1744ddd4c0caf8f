"""Alerts of two runs laid beside one another: pure."""

from collections import defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

MOVED = timedelta(milliseconds=500)
"""Beginnings that lie further apart than this differ."""


@dataclass(frozen=True)
class Raised:
    """An alert as far as it is known; `verdict` is what people said of it."""

    alert_id: str
    source_id: str
    rule: str
    label: str
    started_at: datetime
    ended_at: datetime
    start_s: float
    end_s: float
    peak_s: float
    peak_score: float
    verdict: bool | None = None


@dataclass(frozen=True)
class Changes:
    """Pairs hold the alert of the run first; each in order of time."""

    same: tuple[tuple[Raised, Raised], ...]
    moved: tuple[tuple[Raised, Raised], ...]
    gained: tuple[Raised, ...]
    lost: tuple[Raised, ...]


def changes(run: Iterable[Raised], against: Iterable[Raised]) -> Changes:
    """As many pairs of the same source and rule that overlap as there can be, each alert in one at
    most. Alerts of one run, source and rule do not overlap one another.
    """
    pairs: list[tuple[Raised, Raised]] = []
    gained: list[Raised] = []
    lost: list[Raised] = []
    ours, theirs = _grouped(run), _grouped(against)
    for key in ours.keys() | theirs.keys():
        _merge(ours.get(key, []), theirs.get(key, []), pairs, gained, lost)
    pairs.sort(key=lambda pair: _order(pair[0]))
    moved = [pair for pair in pairs if abs(pair[0].started_at - pair[1].started_at) > MOVED]
    same = [pair for pair in pairs if abs(pair[0].started_at - pair[1].started_at) <= MOVED]
    in_order = tuple(sorted(gained, key=_order)), tuple(sorted(lost, key=_order))
    return Changes(tuple(same), tuple(moved), *in_order)


def overlap(one: Raised, since: datetime, until: datetime) -> bool:
    """Whether an alert shares time with a stretch; a moment shares it with whatever holds it."""
    if one.started_at == since:
        return True
    return one.started_at < until and since < one.ended_at


def _merge(
    ours: Sequence[Raised],
    theirs: Sequence[Raised],
    pairs: list[tuple[Raised, Raised]],
    gained: list[Raised],
    lost: list[Raised],
) -> None:
    """Both in order of time: whichever ends first can pair with nothing that comes later."""
    mine, other = 0, 0
    while mine < len(ours) and other < len(theirs):
        one, another = ours[mine], theirs[other]
        if overlap(one, another.started_at, another.ended_at):
            pairs.append((one, another))
            mine, other = mine + 1, other + 1
        elif (one.ended_at, one.started_at) <= (another.ended_at, another.started_at):
            gained.append(one)
            mine += 1
        else:
            lost.append(another)
            other += 1
    gained += ours[mine:]
    lost += theirs[other:]


def _grouped(found: Iterable[Raised]) -> dict[tuple[str, str], list[Raised]]:
    groups: dict[tuple[str, str], list[Raised]] = defaultdict(list)
    for each in sorted(found, key=_order):
        groups[each.source_id, each.rule].append(each)
    return groups


def _order(one: Raised) -> tuple[datetime, datetime, str]:
    return one.started_at, one.ended_at, one.alert_id
