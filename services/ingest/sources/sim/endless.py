"""A simulated camera: a scene that goes on for ever by beginning again and again."""

from dataclasses import replace

from numpy.random import default_rng

from services.chassis.media.jpeg import Jpeg, of_rgb
from services.ingest.sources.sim.render import Scene
from services.ingest.sources.sim.spec import parse

FRAME_RATE = 5
"""Frames a second: dozens of simulated cameras fit a small machine."""
MOST_SECONDS = 60.0


class EndlessScene:
    """Frame k is shown k / FRAME_RATE seconds after the origin; whoever plays it shows the same.

    Each frame is drawn and encoded once; kept are those of one round.
    """

    def __init__(self, address: str) -> None:
        """Raises ValueError where the address is no scene of at most MOST_SECONDS."""
        self._spec = replace(parse(address), frame_rate=FRAME_RATE)
        if self._spec.seconds > MOST_SECONDS:
            raise ValueError(f"{address!r}: at most {MOST_SECONDS:g} seconds are played in a round")
        self._scene = Scene(self._spec)
        self._kept: dict[int, Jpeg] = {}

    def number_at(self, seconds: float) -> int:
        """The first frame that is not shown before then."""
        return max(0, int(seconds * FRAME_RATE))

    def frame(self, number: int) -> Jpeg:
        place = number % self._spec.frame_count
        if place not in self._kept:
            rng = default_rng([self._spec.seed, 4, place])
            self._kept[place] = of_rgb(self._scene.picture(place, rng))
        return self._kept[place]
