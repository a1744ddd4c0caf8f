"""Packs the scores of consecutive clips into three to four bytes a clip: pure (ADR 0019).

Raw scores are kept to 2**-20 (5e-7 at most is lost, as long as they stay below 512), calibrated
ones to 2**-21. A calibrated score is a smooth, increasing function of the raw one, so a block keeps
a few points of that function and how far each clip lies off it, which is mostly nothing.
"""

import struct
import zlib
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

import numpy as np
from numpy.typing import NDArray

FRESH = 128
"""Clips of a block that is still written to: two minutes, rewritten at each batch."""

PACKED = 32_768
"""Clips of a block that is complete: about ten hours."""

RAW_BITS, CALIBRATED_BITS = 20, 21
CLIPS_A_KNOT, MOST_KNOTS = 16, 512
_HEADER = struct.Struct("<BhIIII")
_VERSION = 1

Floats = NDArray[np.float64]
Integers = NDArray[np.int64]


class UnreadableBlock(ValueError):
    """These bytes are no block of this version."""


@dataclass(frozen=True)
class Scores:
    """Clips by rising index, with their scores. `short` holds, by index, by how many seconds a
    clip ends before its grid says, as the last of a video and the last before a gap do.
    """

    index_N: Integers
    raw_N: Floats
    calibrated_N: Floats
    short: Mapping[int, float] = field(default_factory=dict)

    def __len__(self) -> int:
        return len(self.index_N)

    def between(self, first: int, stop: int) -> "Scores":
        """Clips `first` up to and without `stop`."""
        kept = slice(*np.searchsorted(self.index_N, (first, stop)))
        short = {index: by_s for index, by_s in self.short.items() if first <= index < stop}
        return Scores(self.index_N[kept], self.raw_N[kept], self.calibrated_N[kept], short)


NOTHING = Scores(np.empty(0, np.int64), np.empty(0), np.empty(0))


def merged(older: Scores, newer: Scores) -> Scores:
    """All clips of both; where both have one, the newer says what it is."""
    index_M = np.concatenate((newer.index_N, older.index_N))
    index_N, first = np.unique(index_M, return_index=True)  # the first of equals is the newer one
    renewed = set(newer.index_N.tolist())
    kept = {index: by_s for index, by_s in older.short.items() if index not in renewed}
    return Scores(
        index_N,
        np.concatenate((newer.raw_N, older.raw_N))[first],
        np.concatenate((newer.calibrated_N, older.calibrated_N))[first],
        kept | dict(newer.short),
    )


def pack(scores: Scores, first_index: int, span: int) -> bytes:
    """The block of `span` clips from `first_index` on. All scores must lie in it."""
    offset_N = scores.index_N - first_index
    present = np.zeros(span, bool)
    present[offset_N] = True
    bits = _bits_for(scores.raw_N)
    raw_N = np.rint(scores.raw_N * 2.0**bits).astype(np.int64)
    calibrated_N = np.rint(scores.calibrated_N * 2.0**CALIBRATED_BITS).astype(np.int64)
    knots = _knots(raw_N, calibrated_N)
    residual_N = calibrated_N - _on_curve(raw_N, knots)
    short = sorted(scores.short.items())
    body = b"".join(
        (
            np.packbits(present).tobytes(),
            _planes(raw_N),
            _planes(residual_N),
            *(_planes(np.diff(knot, prepend=0)) for knot in knots),
            np.array([index - first_index for index, _ in short], "<u4").tobytes(),
            np.array([by_s for _, by_s in short], "<f4").tobytes(),
        )
    )
    header = _HEADER.pack(_VERSION, bits, span, len(raw_N), len(knots[0]), len(short))
    return header + _deflate(body)


def unpack(block: bytes, first_index: int) -> Scores:
    """Raises UnreadableBlock."""
    try:
        version, bits, span, count, knot_count, short_count = _HEADER.unpack_from(block)
        body = _Body(zlib.decompress(block[_HEADER.size :], -zlib.MAX_WBITS))
    except (struct.error, zlib.error) as error:
        raise UnreadableBlock(str(error)) from error
    if version != _VERSION:
        raise UnreadableBlock(f"version {version}")
    present = np.unpackbits(body.take("u1", -(-span // 8)), count=span)
    raw_N, residual_N = body.integers(count), body.integers(count)
    knots = (np.cumsum(body.integers(knot_count)), np.cumsum(body.integers(knot_count)))
    calibrated_N = _on_curve(raw_N, knots) + residual_N
    offsets, by_s = body.take("<u4", short_count), body.take("<f4", short_count)
    return Scores(
        np.flatnonzero(present).astype(np.int64) + first_index,
        raw_N / 2.0**bits,
        calibrated_N / 2.0**CALIBRATED_BITS,
        dict(zip((offsets.astype(np.int64) + first_index).tolist(), by_s.tolist(), strict=True)),
    )


def _bits_for(raw_N: Floats) -> int:
    """Binary places that keep the largest score below 2**29; RAW_BITS unless it is 512 or more."""
    largest = float(np.max(np.abs(raw_N), initial=0.0))
    return max(-1100, min(RAW_BITS, 29 - int(np.frexp(largest)[1])))


def _knots(raw_N: Integers, calibrated_N: Integers) -> tuple[Integers, Integers]:
    """Points of the map from raw to calibrated, evenly spread over the clips."""
    count = min(MOST_KNOTS, len(raw_N) // CLIPS_A_KNOT + 2)
    order = np.argsort(raw_N, kind="stable")
    spread = np.linspace(0, len(raw_N) - 1, count).astype(np.int64) if len(raw_N) else order
    raw_K, first = np.unique(raw_N[order[spread]], return_index=True)
    return raw_K, calibrated_N[order[spread]][first]


def _on_curve(raw_N: Integers, knots: tuple[Integers, Integers]) -> Integers:
    if not len(raw_N):
        return raw_N
    return np.rint(np.interp(raw_N, *knots)).astype(np.int64)


def _planes(values_N: Integers) -> bytes:
    """All lowest bytes, then all next ones, ...: bytes of like rank compress well together."""
    zigzag_N = ((values_N << 1) ^ (values_N >> 63)).astype("<u4")
    return zigzag_N.view(np.uint8).reshape(-1, 4).T.tobytes()


def _deflate(body: bytes) -> bytes:
    """Runs and letter frequencies only: scores hold no longer patterns, and looking costs time."""
    squeezing = zlib.compressobj(6, zlib.DEFLATED, -zlib.MAX_WBITS, 9, zlib.Z_RLE)
    return squeezing.compress(body) + squeezing.flush()


class _Body:
    def __init__(self, content: bytes) -> None:
        self._content, self._position = content, 0

    def take(self, kind: str, count: int) -> "NDArray[Any]":
        """Raises UnreadableBlock."""
        try:
            taken = np.frombuffer(self._content, kind, count, self._position)
        except ValueError as error:
            raise UnreadableBlock(str(error)) from error
        self._position += taken.nbytes
        return taken

    def integers(self, count: int) -> Integers:
        planes = self.take("u1", 4 * count).reshape(4, count)
        zigzag_N = np.ascontiguousarray(planes.T).view("<u4").reshape(-1).astype(np.int64)
        return (zigzag_N >> 1) ^ -(zigzag_N & 1)
