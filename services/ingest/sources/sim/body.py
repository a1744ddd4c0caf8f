"""An articulated person: joint angles in, capsules in the world out (forward kinematics)."""

from dataclasses import dataclass, field
from math import cos, sin

import numpy as np

from services.ingest.sources.sim.camera import Camera, Colour, Picture, Vec

Pair = tuple[float, float]  # left, right


@dataclass(frozen=True, slots=True)
class Look:
    """Size and clothes."""

    height: float
    skin: Colour
    hair: Colour
    top: Colour
    trousers: Colour


@dataclass(frozen=True, slots=True)
class Pose:
    """Where a person stands and how the joints bend; angles in radians, forward positive."""

    x: float
    z: float
    heading: float = 0.0
    """0 looks away from the camera, pi towards it."""
    crouch: float = 0.0
    """How far the hips sink, as a share of the height."""
    lean: float = 0.0
    roll: float = 0.0
    twist: float = 0.0
    thigh: Pair = (0.0, 0.0)
    knee: Pair = (0.05, 0.05)
    arm: Pair = (0.0, 0.0)
    spread: Pair = (0.12, 0.12)
    elbow: Pair = (0.2, 0.2)


@dataclass(frozen=True, slots=True)
class Limb:
    """A capsule of one colour."""

    ends_23: Vec
    radius: float
    colour: Colour


@dataclass(slots=True)
class _Builder:
    """Collects limbs of one person; up, forward and right are the person's own axes."""

    look: Look
    pose: Pose
    limbs: list[Limb] = field(default_factory=list)

    def axes(self, heading: float) -> tuple[Vec, Vec]:
        forward = np.array([sin(heading), 0.0, cos(heading)])
        return forward, np.array([forward[2], 0.0, -forward[0]])

    def limb(self, start: Vec, way: Vec, length: float, radius: float, colour: Colour) -> Vec:
        end: Vec = start + way * length
        height = self.look.height
        self.limbs.append(Limb(np.stack([start, end]), radius * height, colour))
        return end

    def leg(self, hip: Vec, side: int) -> None:
        forward, _ = self.axes(self.pose.heading)
        look, pitch = self.look, self.pose.thigh[side]
        thigh = self.limb(hip, _hang(forward, pitch), 0.245 * look.height, 0.047, look.trousers)
        shin = _hang(forward, pitch - self.pose.knee[side])
        foot = self.limb(thigh, shin, 0.245 * look.height, 0.036, look.trousers)
        self.limb(foot, forward, 0.08 * look.height, 0.026, (40, 38, 36))

    def arm(self, shoulder: Vec, side: int, forward: Vec, right: Vec) -> None:
        look, pitch, spread = self.look, self.pose.arm[side], self.pose.spread[side]
        out = right * (1 if side else -1)
        upper = _hang(forward, pitch) * cos(spread) + out * sin(spread)
        elbow = self.limb(shoulder, upper, 0.17 * look.height, 0.032, _shade(look.top, 0.9))
        pitch += self.pose.elbow[side]
        lower = _hang(forward, pitch) * cos(spread / 2) + out * sin(spread / 2)
        hand = self.limb(elbow, lower, 0.15 * look.height, 0.026, _shade(look.top, 0.84))
        self.limb(hand, lower, 0.04 * look.height, 0.026, look.skin)


def limbs(look: Look, pose: Pose) -> list[Limb]:
    """All capsules of a person, in no particular order."""
    body = _Builder(look, pose)
    forward, right = body.axes(pose.heading)
    hips = np.array([pose.x, (0.51 - pose.crouch) * look.height, pose.z])
    spine = _raise(forward, right, pose.lean, pose.roll)
    chest = body.limb(hips, spine, 0.27 * look.height, 0.078, look.top)
    neck = body.limb(chest, spine, 0.06 * look.height, 0.035, look.skin)
    crown = body.limb(neck, spine, 0.075 * look.height, 0.052, look.skin)
    body.limb(crown - forward * 0.012, spine, 0.015 * look.height, 0.054, look.hair)
    turned, across = body.axes(pose.heading + pose.twist)
    body.limb(chest - across * 0.085 * look.height, across, 0.17 * look.height, 0.05, look.top)
    body.limb(hips - right * 0.04 * look.height, right, 0.08 * look.height, 0.06, look.trousers)
    for side, out in enumerate((-1, 1)):
        body.leg(hips + right * out * 0.05 * look.height, side)
        body.arm(chest + across * out * 0.105 * look.height, side, turned, across)
    return body.limbs


def draw(picture: Picture, camera: Camera, look: Look, pose: Pose) -> None:
    """Paint a person with a soft shadow at the feet, far limbs first."""
    parts = limbs(look, pose)
    centres = np.stack([limb.ends_23.mean(axis=0) for limb in parts])
    _, depths = camera.project(centres)
    nearest = float(depths.min())
    for k in np.argsort(-depths):
        # Limbs behind the body get a little less light, which keeps them apart.
        light = 1.0 - 0.18 * min((float(depths[k]) - nearest) / 0.5, 1.0)
        limb = parts[k]
        camera.capsule(picture, limb.ends_23, limb.radius, _shade(limb.colour, light))


def _hang(forward: Vec, pitch: float) -> Vec:
    """Direction of something that hangs down, swung forward by `pitch`."""
    way: Vec = forward * sin(pitch) - np.array([0.0, cos(pitch), 0.0])
    return way


def _raise(forward: Vec, right: Vec, lean: float, roll: float) -> Vec:
    way: Vec = forward * sin(lean) + right * sin(roll) + np.array([0.0, cos(lean) * cos(roll), 0.0])
    return way / float(np.linalg.norm(way))


def _shade(colour: Colour, light: float) -> Colour:
    red, green, blue = (min(int(c * light), 255) for c in colour)
    return red, green, blue
