"""Who of the people in a frame counts: by confidence, by where they stand, by whether they lie.

A person stands where the middle of the lower edge of their box is. Whether one lies is told from
the trunk where shoulders and hips are seen, else from the box (ADR 0034). Pure.
"""

from collections.abc import Iterable, Sequence
from math import atan2, degrees

from schemas.policies import PresenceRule
from schemas.poses import Person
from schemas.sources import Polygon, Zone

LEAN_DEG = 55.0
"""A trunk that leans so far from upright lies."""

WIDE = 1.3
"""A box so much wider than high is of somebody who lies."""

SURE = 0.4
"""Keypoints that a network is less sure of say nothing."""

SHOULDERS, HIPS = (5, 6), (11, 12)


def holds(
    rule: PresenceRule, zones: Iterable[Zone], people: Sequence[Person], ratio: float
) -> bool:
    """Whether what the rule waits for is so in this frame, whatever the hour. `ratio` is the
    picture's width by its height. In a zone that there is not nobody stands.
    """
    counted = [person for person in people if person.confidence >= rule.min_confidence]
    if rule.zone is not None:
        polygon = next((zone.polygon for zone in zones if zone.name == rule.zone), ())
        counted = [person for person in counted if contains(polygon, *stands_at(person))]
    if len(counted) <= rule.more_than:
        return False
    return rule.posture == "any" or any(is_lying(person, ratio) for person in counted)


def stands_at(person: Person) -> tuple[float, float]:
    left, _, right, bottom = person.box
    return (left + right) / 2, bottom


def contains(polygon: Polygon | tuple[()], x: float, y: float) -> bool:
    """Whether a point lies within, by counting the edges to its right (even-odd)."""
    inside = False
    for place, (x1, y1) in enumerate(polygon):
        x0, y0 = polygon[place - 1]
        if (y0 > y) != (y1 > y) and x < x0 + (y - y0) / (y1 - y0) * (x1 - x0):
            inside = not inside
    return inside


def is_lying(person: Person, ratio: float) -> bool:
    """By the lean of the trunk, or the shape of the box where no trunk is seen."""
    lean = lean_deg(person, ratio)
    if lean is not None:
        return lean >= LEAN_DEG
    left, top, right, bottom = person.box
    return (right - left) * ratio > WIDE * (bottom - top)


def lean_deg(person: Person, ratio: float) -> float | None:
    """How far the trunk leans from upright: 0 stands, 90 lies, 180 hangs; None: it is not seen."""
    shoulders, hips = _middle(person, SHOULDERS), _middle(person, HIPS)
    if shoulders is None or hips is None:
        return None
    across, up = (shoulders[0] - hips[0]) * ratio, hips[1] - shoulders[1]
    return None if across == up == 0 else abs(degrees(atan2(across, up)))


def _middle(person: Person, points: Iterable[int]) -> tuple[float, float] | None:
    """Of the two, as far as they are sure."""
    seen = [(x, y) for x, y, sure in (person.keypoints[point] for point in points) if sure >= SURE]
    if not seen:
        return None
    return sum(x for x, _ in seen) / len(seen), sum(y for _, y in seen) / len(seen)
