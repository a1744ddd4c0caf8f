"""Who is in the scene and what they do when: routes made once from the seed, poses on demand."""

from dataclasses import dataclass
from math import atan2, cos, hypot, pi, sin, tau

from numpy.random import Generator

from services.ingest.sources.sim import gestures
from services.ingest.sources.sim.body import Look, Pose
from services.ingest.sources.sim.spec import SimSpec, Span

Spot = tuple[float, float, float]  # x, z, heading of one who stands there

SPOTS: tuple[Spot, ...] = (
    (-2.4, 7.0, 0.0),
    (-1.2, 7.0, 0.0),
    (0.6, 7.0, 0.0),
    (1.8, 7.0, 0.0),
    (-2.9, 5.8, -pi / 2),
    (-2.7, 4.8, -pi / 2),
    (-2.3, 4.0, -pi / 2),
    (1.75, 5.2, pi / 2),
    (1.75, 4.3, pi / 2),
    (-0.6, 5.6, 0.6),
    (0.4, 3.6, 2.6),
)
STAGE: tuple[tuple[float, float], ...] = ((-0.9, 4.0), (0.2, 3.6), (0.4, 4.6), (-1.2, 4.6))
"""Open floor where an incident may happen."""
_TOPS = ((52, 74, 120), (150, 44, 48), (210, 205, 196), (70, 96, 66), (38, 38, 44), (176, 140, 60))
_TROUSERS = ((36, 42, 62), (60, 54, 48), (30, 30, 32), (92, 92, 98), (70, 66, 90))
_SKINS = ((224, 186, 160), (190, 144, 112), (142, 100, 76), (238, 204, 182))
_HAIRS = ((30, 24, 20), (76, 54, 36), (120, 110, 104), (18, 18, 20))


@dataclass(frozen=True, slots=True)
class Act:
    """Something one does from `start` to `end`: walks from a spot to another, or stays and acts."""

    start: float
    end: float
    origin: Spot
    goal: Spot
    kind: str

    @property
    def metres(self) -> float:
        return hypot(self.goal[0] - self.origin[0], self.goal[1] - self.origin[1])


@dataclass(frozen=True, slots=True)
class Actor:
    """A person with a plan that covers the whole scene."""

    look: Look
    habit: float
    acts: tuple[Act, ...]

    def pose(self, t: float) -> Pose:
        act = next((act for act in self.acts if act.start <= t < act.end), self.acts[-1])
        since = t - act.start
        if act.kind == "walk":
            return self._walking(act, since)
        if act.kind == "fight":
            return _fighting(act, since, self.habit)
        stand = gestures.talk if act.kind == "talk" else gestures.browse
        return stand(*act.goal, t + 10 * self.habit, self.habit)

    def _walking(self, act: Act, since: float) -> Pose:
        lasts = act.end - act.start
        share = min(since / lasts, 1.0)
        x = act.origin[0] + share * (act.goal[0] - act.origin[0])
        z = act.origin[1] + share * (act.goal[1] - act.origin[1])
        heading = atan2(act.goal[0] - act.origin[0], act.goal[1] - act.origin[1])
        # Turn towards the way at the start and towards the shelf at the end.
        heading = _turn(act.origin[2], heading, min(since / 0.5, 1.0))
        heading = _turn(heading, act.goal[2], max(1.0 - (lasts - since) / 0.4, 0.0))
        return gestures.walk(x, z, heading, share * act.metres, act.metres / lasts)


def cast_scene(spec: SimSpec, rng: Generator) -> list[Actor]:
    """All actors; the first two are those who fight in the incidents."""
    stages = [STAGE[int(rng.integers(len(STAGE)))] for _ in spec.incidents]
    return [_actor(spec, rng, role, stages) for role in range(spec.people)]


def _actor(spec: SimSpec, rng: Generator, role: int, stages: list[tuple[float, float]]) -> Actor:
    acts: list[Act] = []
    spot = SPOTS[int(rng.integers(len(SPOTS)))]
    now = -float(rng.uniform(0, 6))
    if role < 2:
        for span, (x, z) in zip(spec.incidents, stages, strict=True):
            now, spot = _roam(acts, rng, (now, span[0] - 3.5), spot)
            spot, now = _clash(acts, span, spot, now, (x, z, pi * role))
    _roam(acts, rng, (now, spec.seconds + 1.0), spot)
    return Actor(_look(rng), float(rng.uniform(0, 1)), tuple(acts))


def _roam(acts: list[Act], rng: Generator, span: Span, spot: Spot) -> tuple[float, Spot]:
    """Walk from shelf to shelf until `span` is over; return when and where that was."""
    now, end = span
    while now < end:
        kind = "talk" if rng.random() < 0.25 else "browse"
        stay = float(rng.uniform(1.5, 6.0))
        acts.append(Act(now, now + stay, spot, spot, kind))
        now += stay
        goal = SPOTS[int(rng.integers(len(SPOTS)))]
        metres = hypot(goal[0] - spot[0], goal[1] - spot[1])
        lasts = metres / float(rng.uniform(0.7, 1.5))
        if now + lasts >= end or metres < 0.3:
            continue
        acts.append(Act(now, now + lasts, spot, goal, "walk"))
        now, spot = now + lasts, goal
    # The last stay may reach past the end: cut it, so that the next act begins in time.
    if acts and acts[-1].end > end:
        last = acts.pop()
        acts.append(Act(last.start, end, last.origin, last.goal, last.kind))
    return min(now, end), spot


def _clash(acts: list[Act], span: Span, spot: Spot, now: float, stage: Spot) -> tuple[Spot, float]:
    """Walk up to the other, fight for the span, stay apart for a moment."""
    start, end = span
    x, z, side = stage
    beside: Spot = (x + 0.45 * cos(side), z, atan2(-cos(side), 0.0))
    acts.append(Act(now, start, spot, beside, "walk"))
    acts.append(Act(start, end, beside, stage, "fight"))
    away: Spot = (x + 1.3 * cos(side), z, beside[2])
    acts.append(Act(end, end + 1.5, beside, away, "walk"))
    return away, end + 1.5


def _fighting(act: Act, since: float, habit: float) -> Pose:
    """Two people on one axis that turns, shortens and is torn about; `side` says which end."""
    x, z, side = act.goal
    x += 0.3 * sin(1.3 * since) + 0.16 * sin(tau * 1.15 * since)
    z += 0.3 * sin(0.9 * since) + 0.14 * sin(tau * 0.85 * since + 1)
    turn = side + 0.8 * sin(0.8 * since) + 0.4 * sin(2.3 * since)
    apart = 0.62 + 0.2 * sin(tau * 0.95 * since) + 0.08 * sin(tau * 2.1 * since)
    x, z = x + apart / 2 * cos(turn), z + apart / 2 * sin(turn)
    return gestures.fight(x, z, atan2(-cos(turn), -sin(turn)), since, habit)


def _turn(start: float, goal: float, share: float) -> float:
    """From one heading to another the short way round."""
    way = (goal - start + pi) % tau - pi
    return start + share * way


def _look(rng: Generator) -> Look:
    def one(colours: tuple[tuple[int, int, int], ...]) -> tuple[int, int, int]:
        return colours[int(rng.integers(len(colours)))]

    return Look(float(rng.uniform(1.6, 1.86)), one(_SKINS), one(_HAIRS), one(_TOPS), one(_TROUSERS))
