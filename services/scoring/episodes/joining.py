"""Presence joined with scores: both by moments of the source, whichever arrives first (ADR 0034).

A score rule notes when it has an episode open: from the end of the clip that opened it to the end
of the clip that closed it. Frames of joined rules are held until the scores of their moment are
judged, for `HELD_S` of the source's time at most; so judgements may be so far behind poses, and
poses as far behind judgements as the latest `MOST_OPENINGS` episodes reach. Pure.
"""

from collections.abc import Iterable, Sequence
from typing import NamedTuple

from schemas.alerts import AlertClosed, AlertOpened
from schemas.base import Message

HELD_S = 60.0
MOST_OPENINGS = 64


class Opening(NamedTuple):
    """When a score rule had an episode open, in seconds from the origin; None: it still has."""

    rule: str
    since_s: float
    until_s: float | None = None


class HeldFrame(NamedTuple):
    """A frame of poses, and what joined rules asked of it when it came, but for the scores."""

    clip_index: int
    at_s: float
    cut_at: float
    """Of its clip, in seconds since the epoch."""
    holds: tuple[str, ...] = ()
    """The rules for which all else is so."""
    may_open: tuple[str, ...] = ()


def noted(
    openings: tuple[Opening, ...], alerts: Iterable[Message], at_s: float
) -> tuple[Opening, ...]:
    """The openings, once these alerts opened and closed by a clip that ends at `at_s`."""
    for alert in alerts:
        if isinstance(alert, AlertOpened):
            openings = (*openings, Opening(alert.rule, at_s))[-MOST_OPENINGS:]
        elif isinstance(alert, AlertClosed):
            openings = _ended(openings, alert.rule, at_s)
    return openings


def is_open(openings: Sequence[Opening], rule: str, at_s: float) -> bool:
    return any(
        one.rule == rule and one.since_s <= at_s and (one.until_s is None or at_s < one.until_s)
        for one in openings
    )


def due(held: Sequence[HeldFrame], through_s: float) -> int:
    """How many of the frames, the earliest first, wait no longer: scores are judged through
    `through_s`.
    """
    if not held:
        return 0
    bound_s = max(through_s, held[-1].at_s - HELD_S)
    return sum(frame.at_s <= bound_s for frame in held)


def _ended(openings: tuple[Opening, ...], rule: str, at_s: float) -> tuple[Opening, ...]:
    for place, one in enumerate(openings):
        if one.rule == rule and one.until_s is None:
            return (*openings[:place], one._replace(until_s=at_s), *openings[place + 1 :])
    return openings
