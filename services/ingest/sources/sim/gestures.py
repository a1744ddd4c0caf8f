"""How people move: walking, browsing at a shelf, talking, and fighting. Time in seconds."""

from math import pi, sin, tau

from services.ingest.sources.sim.body import Pose

STRIDE_M = 1.35
"""Ground covered by two steps."""


def walk(x: float, z: float, heading: float, metres: float, speed: float) -> Pose:
    """The gait after so many metres; a slow walk has a shorter swing."""
    phase = tau * metres / STRIDE_M
    swing = 0.3 + 0.14 * min(speed, 1.6)
    left, right = swing * sin(phase), swing * sin(phase + pi)
    bend = 0.5 * swing
    return Pose(
        x,
        z,
        heading,
        crouch=0.008 + 0.008 * sin(2 * phase),
        lean=0.04 + 0.02 * speed,
        roll=0.02 * sin(phase),
        twist=0.12 * sin(phase),
        thigh=(left, right),
        knee=(bend + bend * sin(phase + 1.9), bend + bend * sin(phase + 1.9 + pi)),
        arm=(0.8 * right, 0.8 * left),
        elbow=(0.3, 0.3),
    )


def browse(x: float, z: float, heading: float, t: float, habit: float) -> Pose:
    """Standing at a shelf: looks about, now and then reaches for something, or bends down."""
    reach = _pulse(t, period=3.7 + habit, share=0.45)
    bow = _pulse(t + 2.1, period=7.3 + 2 * habit, share=0.3)
    sway = sin(0.9 * t + 5 * habit)
    return Pose(
        x + 0.02 * sway,
        z,
        heading + 0.25 * sin(0.5 * t + habit),
        crouch=0.1 * bow,
        lean=0.05 + 0.55 * bow,
        twist=0.15 * sin(0.7 * t),
        thigh=(0.5 * bow, 0.45 * bow),
        knee=(0.05 + 0.9 * bow, 0.05 + 0.9 * bow),
        arm=(0.1 + 0.5 * bow, 0.1 + 1.35 * reach + 0.6 * bow),
        elbow=(0.3 + 0.3 * habit, 0.25 + 0.4 * reach),
    )


def talk(x: float, z: float, heading: float, t: float, habit: float) -> Pose:
    """Standing with someone: weight shifts, hands that talk along."""
    hands = _pulse(t, period=2.3 + habit, share=0.5)
    return Pose(
        x + 0.03 * sin(0.6 * t + habit),
        z,
        heading + 0.1 * sin(0.8 * t),
        lean=0.03 + 0.04 * sin(0.7 * t),
        twist=0.1 * sin(1.1 * t + habit),
        thigh=(0.05, -0.03),
        arm=(0.15 + 0.35 * hands, 0.1 + 0.5 * hands),
        elbow=(0.4 + 0.9 * hands, 0.5 + 0.8 * hands),
    )


def fight(x: float, z: float, heading: float, t: float, habit: float) -> Pose:
    """Striking, shoving and kicking: fast limbs at two to three beats a second."""
    beat = tau * (2.3 + 0.5 * habit) * t + 4 * habit
    left, right = max(sin(beat), 0.0) ** 2, max(sin(beat + pi), 0.0) ** 2
    grip = _pulse(t + habit, period=2.6, share=0.4)
    kick = _pulse(t + 1.7 * habit, period=3.1, share=0.16)
    step = 0.4 * sin(tau * 1.7 * t + 3 * habit)
    return Pose(
        x,
        z,
        heading + 0.25 * sin(tau * 0.8 * t + habit),
        crouch=0.035 + 0.025 * sin(tau * 1.3 * t + habit),
        lean=0.28 + 0.25 * sin(tau * 1.1 * t + 2 * habit) - 0.3 * kick,
        roll=0.22 * sin(tau * 1.5 * t + 3 * habit),
        twist=0.55 * (right - left),
        thigh=(0.15 + step, 0.1 - step + 1.2 * kick),
        knee=(0.35 + 0.3 * abs(step), 0.35 + 0.3 * abs(step) - 0.2 * kick),
        arm=(
            1.0 + 0.7 * left * (1 - grip) + 0.4 * grip,
            1.0 + 0.75 * right * (1 - grip) + 0.5 * grip,
        ),
        spread=(0.3 - 0.2 * left, 0.3 - 0.2 * right),
        elbow=(1.5 * (1 - left) * (1 - grip) + 0.3, 1.5 * (1 - right) * (1 - grip) + 0.3),
    )


def _pulse(t: float, period: float, share: float) -> float:
    """A smooth bump from 0 to 1 and back, once a period, taking `share` of it."""
    phase = (t % period) / (period * share)
    return sin(pi * phase) ** 2 if phase < 1 else 0.0
