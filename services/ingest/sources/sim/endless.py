"""A simulated scene that goes on for ever by beginning again and again."""

from dataclasses import replace

from numpy.random import default_rng

from services.ingest.sources.sim.camera import Picture
from services.ingest.sources.sim.render import Scene
from services.ingest.sources.sim.spec import parse

FRAME_RATE = 5
"""Frames a second: dozens of simulated cameras fit a small machine."""
MOST_SECONDS = 60.0


class EndlessScene:
    """Frame k is shown k / FRAME_RATE seconds after the origin; whoever plays it shows the same."""

    def __init__(self, address: str) -> None:
        """Raises ValueError where the address is no scene of whole seconds, at most MOST_SECONDS
        long.
        """
        spec = replace(parse(address), frame_rate=FRAME_RATE)
        if spec.seconds > MOST_SECONDS or spec.seconds % 1:
            raise ValueError(
                f"{address!r}: whole seconds are played in a round, at most {MOST_SECONDS:g}"
            )
        self._spec, self._scene = spec, Scene(spec)
        self.width, self.height = spec.width, spec.height
        self.frame_count = spec.frame_count

    def number_at(self, seconds: float) -> int:
        """The first frame that is not shown before then."""
        return max(0, int(seconds * FRAME_RATE))

    def picture(self, number: int) -> Picture:
        """RGB, shape (height, width, 3)."""
        place = number % self.frame_count
        return self._scene.picture(place, default_rng([self._spec.seed, 4, place]))
