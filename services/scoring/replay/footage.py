"""Embeddings of a chain of cameras that never were, for measuring: seeded, the same each time.

Cameras are quiet but for an incident now and then, whose windows a head with that direction finds
high. Records lie on the log as they would: window after window, all cameras in turn.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID, uuid5

import msgpack
import numpy as np
from numpy.typing import NDArray

from schemas import ids
from schemas.clips import ClipSpec
from schemas.embeddings import EmbeddingExtracted

CHAIN = UUID("6f0c2c8e-5b1e-4a55-9d0c-3d2d8f0f7a11")
POOL = 512
INCIDENT_EVERY, INCIDENT_LENGTH = 2000, 6
"""Windows from one incident of a camera to its next, and windows of one."""


@dataclass(frozen=True)
class Chain:
    """So many cameras for so long, from `origin_at` on."""

    cameras: int
    windows: int
    """Of each camera, of two clips."""
    dim: int
    origin_at: datetime
    backbone: str = "i3d_k400"
    seed: int = 0

    @property
    def sources(self) -> tuple[UUID, ...]:
        return tuple(uuid5(CHAIN, str(number)) for number in range(self.cameras))

    @property
    def until(self) -> datetime:
        return self.origin_at + timedelta(seconds=2 * ClipSpec().hop_s * self.windows)

    def records(self, high_D: "NDArray[np.float32]") -> Iterator[tuple[bytes, bytes]]:
        """Key and value of each record, in the order of the log."""
        random = np.random.default_rng(self.seed)
        pool = [row.tobytes() for row in random.random((POOL, self.dim), np.float32).astype("<f4")]
        high = high_D.astype("<f4").tobytes()
        keys = [str(source).encode() for source in self.sources]
        templates = [self._template(source) for source in self.sources]
        offsets = random.integers(0, INCIDENT_EVERY, self.cameras).tolist()
        for number in range(self.windows):
            shared = self._window(number)
            for camera, key in enumerate(keys):
                is_high = (number + offsets[camera]) % INCIDENT_EVERY < INCIDENT_LENGTH
                vector = high if is_high else pool[(number * 31 + camera * 7) % POOL]
                content = templates[camera] | shared | {"vector": vector}
                yield key, msgpack.packb(content)

    def _template(self, source_id: UUID) -> dict[str, Any]:
        first = ids.clip_id(source_id, self.origin_at, 0)
        return EmbeddingExtracted(
            source_id=source_id,
            source_kind="camera",
            origin_at=self.origin_at,
            cut_at=self.origin_at,
            embedding_id=ids.embedding_id(first, self.backbone),
            fresh_count=2,
            backbone=self.backbone,
            window=2,
            dim=self.dim,
            vector=bytes(4 * self.dim),
            **{"clips": self._window(0)["clips"]},
        ).wire()

    def _window(self, number: int) -> dict[str, Any]:
        spec = ClipSpec()
        clips = [
            {
                "index": index,
                "start_s": index * spec.hop / spec.frame_rate,
                "end_s": (index + 1) * spec.hop / spec.frame_rate,
            }
            for index in (2 * number, 2 * number + 1)
        ]
        cut_at = self.origin_at + timedelta(seconds=2 * (number + 1) * spec.hop_s)
        return {"clips": clips, "cut_at": cut_at.isoformat()}
