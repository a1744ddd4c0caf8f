"""A source that plays what it was given: the port's double for tests."""

from collections.abc import Iterator, Sequence

import av
import numpy as np

from services.ingest.sources.port import LiveFrame, PacketTap, SourceLost, StreamFormat

GREY = 128


def picture(width: int = 64, height: int = 48, level: int = GREY) -> av.VideoFrame:
    """An even picture of one brightness, 0 to 255."""
    return av.VideoFrame.from_ndarray(np.full((height, width, 3), level, np.uint8), format="rgb24")


class ScriptedSource:
    """Gives its frames one after the other, then is lost for the reason that it was given.

    With `refusal` it cannot even be opened. Counts how often it was opened and closed.
    """

    def __init__(
        self,
        frames: Sequence[LiveFrame] = (),
        loss: str = "The script is over.",
        refusal: str | None = None,
    ) -> None:
        self._frames, self._loss, self._refusal = frames, loss, refusal
        self.opened = self.closed = 0

    def open(self) -> StreamFormat:
        if self._refusal is not None:
            raise SourceLost(self._refusal)
        self.opened += 1
        shown = self._frames[0].picture if self._frames else picture()
        return StreamFormat("rawvideo", shown.width, shown.height, None)

    def frames(self, tap: PacketTap | None = None) -> Iterator[LiveFrame]:
        yield from self._frames
        raise SourceLost(self._loss)

    def close(self) -> None:
        self.closed += 1
