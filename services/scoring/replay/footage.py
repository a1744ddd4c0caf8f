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
        """Key and value of each record, in the order of the log. Packed piece by piece: what is of
        a camera once, what is of a moment once for all cameras.
        """
        random = np.random.default_rng(self.seed)
        pool_ND = random.random((POOL, self.dim), np.float32)
        pool = [_vector(vector_D) for vector_D in pool_ND]
        high = _vector(high_D)
        cameras = [(str(source).encode(), self._packed(source)) for source in self.sources]
        offsets = random.integers(0, INCIDENT_EVERY, self.cameras).tolist()
        for number in range(self.windows):
            moment = _fields(self._window(number))
            for camera, (key, fields) in enumerate(cameras):
                is_high = (number + offsets[camera]) % INCIDENT_EVERY < INCIDENT_LENGTH
                vector = high if is_high else pool[(number * 31 + camera * 7) % POOL]
                yield key, fields + moment + vector

    def _packed(self, source_id: UUID) -> bytes:
        """A message without what changes from window to window, which is to follow."""
        first = ids.clip_id(source_id, self.origin_at, 0)
        message = EmbeddingExtracted(
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
        fixed = {name: value for name, value in message.items() if name not in CHANGING}
        packer = msgpack.Packer(autoreset=False)
        packer.pack_map_header(len(fixed) + len(CHANGING))
        header: bytes = packer.bytes()
        return header + _fields(fixed)

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


CHANGING = {"clips", "cut_at", "vector"}


def _vector(vector_D: "NDArray[np.float32]") -> bytes:
    return _fields({"vector": vector_D.astype("<f4").tobytes()})


def _fields(content: dict[str, Any]) -> bytes:
    """Of a map, without its header."""
    return b"".join(msgpack.packb(each) for pair in content.items() for each in pair)
