"""What a camera's days were like: for people to see, and to notice that they changed.

A day keeps the level that would have kept its budget, its usual level (the median over ten
minutes), its alarms and the mark it ended with. Two things are drift: alarms beyond the budget
while the mark may rise no further, and days whose usual level is far from that of the days before
(the camera was turned, the room was changed). Pure (ADR 0052).
"""

from collections.abc import Sequence
from math import ceil, sqrt
from statistics import median
from typing import Literal, NamedTuple

Drift = Literal["", "alarms", "scene"]
BINS = 20
"""The levels of a day's blocks are counted in so many steps of [0, 1]."""
MOST_DAYS = 14
LATE_DAYS = 3
FORMER_DAYS = 4
"""The late days are compared with at least so many before them."""
SHIFT = 0.15
SETTLED_DAYS = 5
"""After a shift the new scene is what is usual."""
DEVIATIONS = 3.0
"""So many and one more alarm beyond the budget: one in a thousand days of a camera within it."""


class PastDay(NamedTuple):
    """A day that is over."""

    day: int
    """Since 1970."""
    level: float
    """Negative where too little of the day was seen."""
    usual: float
    alarms: int
    mark: float


class Diary(NamedTuple):
    """The day under way, the latest that are over, and what is the matter."""

    alarms: int = 0
    bins: tuple[int, ...] = ()
    days: tuple[PastDay, ...] = ()
    since: int = -1
    """The first day of all."""
    drift: Drift = ""
    drift_since: int = -1
    settled: int = -1
    """Days before it are of another scene."""


def note_block(diary: Diary, level: float) -> Diary:
    """A block is over; its highest level."""
    place = min(BINS - 1, int(level * BINS))
    bins = list(diary.bins or (0,) * BINS)
    bins[place] += 1
    return diary._replace(bins=tuple(bins))


def end_day(diary: Diary, day: int, level: float, mark: float) -> Diary:
    """The day under way is over; `level` negative: too little was seen."""
    past = PastDay(day, round(level, 4), _usual(diary.bins), diary.alarms, round(mark, 4))
    since = day if diary.since < 0 else diary.since
    days = (*diary.days, past)[-MOST_DAYS:]
    return diary._replace(alarms=0, bins=(), days=days, since=since)


def watch(diary: Diary, budget: float | None, is_highest: bool, true_alarms: int) -> Diary:
    """What is the matter, at the end of a day. `is_highest`: the mark may rise no further;
    `true_alarms` of the late days are no false ones.
    """
    seen = [past for past in diary.days if past.level >= 0 and past.day >= diary.settled]
    late = seen[-LATE_DAYS:]
    if not late or late[-1].day != diary.days[-1].day:
        return diary
    today = late[-1].day
    if has_shifted(seen):
        return diary._replace(drift="scene", drift_since=today, settled=late[0].day)
    if diary.drift == "scene" and today - diary.drift_since < SETTLED_DAYS:
        return diary
    count = max(0, sum(past.alarms for past in late) - true_alarms)
    if budget is not None and _is_beyond(count, budget * len(late), diary.drift, is_highest):
        since = diary.drift_since if diary.drift == "alarms" else today
        return diary._replace(drift="alarms", drift_since=since)
    return diary._replace(drift="", drift_since=-1) if diary.drift else diary


def has_shifted(seen: Sequence[PastDay]) -> bool:
    """Whether the late days are unlike those before them."""
    former, late = seen[:-LATE_DAYS], seen[-LATE_DAYS:]
    if len(former) < FORMER_DAYS:
        return False
    before = median(past.usual for past in former)
    moved = [past.usual - before for past in late]
    return all(by >= SHIFT for by in moved) or all(by <= -SHIFT for by in moved)


def _is_beyond(count: int, allowed: float, drift: Drift, is_highest: bool) -> bool:
    """Once beyond it stays so until the alarms are within the budget again."""
    if drift == "alarms":
        return count > ceil(allowed)
    return is_highest and count > allowed + DEVIATIONS * sqrt(allowed) + 1


def _usual(bins: Sequence[int]) -> float:
    """The middle of the bin in which the median lies."""
    half, reached = sum(bins) / 2, 0
    for place, count in enumerate(bins):
        reached += count
        if count and reached >= half:
            return round((place + 0.5) / BINS, 4)
    return 0.0
