"""All that scoring keeps of one source: a value of the stream's table, and of its changelog."""

from typing import Literal, Self

import msgpack
import numpy as np
from numpy.typing import NDArray
from pydantic import BaseModel, ConfigDict

from services.scoring.core import GAP_TOLERANCE_S, State

Vectors = NDArray[np.float32]


class SourceState(BaseModel):
    """The state of each head's rule, and the past that heads look at beside now.

    Kept as float32, so that a live score is the offline one to the last bit; a window of 1024
    numbers costs 4 KiB a record of the changelog.
    """

    model_config = ConfigDict(frozen=True, extra="forbid")

    version: Literal[1] = 1
    rules: tuple[State, ...]
    end_s: float = 0.0
    """Where the latest window ends."""
    windows: bytes = b""
    """The latest windows since the last gap, oldest first: little-endian float32."""
    tracks: bytes = b""
    """What each person did lately, where poses are looked at."""

    @classmethod
    def unpack(cls, packed: bytes | None, heads: int) -> Self:
        """What `pack` gave. Bytes that another version wrote start anew, as does None."""
        try:
            return cls.model_validate(msgpack.unpackb(packed or b""))
        except (ValueError, TypeError):
            return cls(rules=(State(),) * heads)

    def pack(self) -> bytes:
        packed: bytes = msgpack.packb(self.model_dump())
        return packed

    @property
    def next_index(self) -> int:
        """Clips before it have been scored, and their scores acknowledged by Kafka."""
        return self.rules[0].next_index

    @property
    def alerts_opened(self) -> int:
        """By all heads."""
        return sum(state.alerts_opened for state in self.rules)

    def row(self, vector_D: Vectors, start_s: float, most: int) -> Vectors:
        """The `most` latest windows up to now, oldest first: [T, D], T at least 1.

        What lies before a gap in time is left out: it says nothing of now.
        """
        kept = self.windows if start_s - self.end_s <= GAP_TOLERANCE_S else b""
        past_TD = np.frombuffer(kept, "<f4").reshape(-1, len(vector_D))
        return np.concatenate([past_TD, vector_D[None]])[-most:]

    def remembering(self, row_TD: Vectors, end_s: float, most: int) -> Self:
        """After a window: of its row as many as the next one can look at beside itself."""
        kept_TD = row_TD[max(len(row_TD) - most + 1, 0) :]
        return self.model_copy(update={"end_s": end_s, "windows": kept_TD.tobytes()})
