"""Cuts clips out of a block of scores, before it is written."""

from collections.abc import Sequence
from datetime import datetime, timedelta

import numpy as np
from numpy.typing import NDArray

from schemas.scores import ClipsScored, HeadScores

Interval = tuple[datetime, datetime]


def without(message: ClipsScored, intervals: Sequence[Interval]) -> ClipsScored | None:
    """The block without the clips of which any moment lies in one of the intervals; the same block
    where none does, None where all do.
    """
    index_N = np.frombuffer(message.indexes, "<i8")
    kept_N = np.ones(len(index_N), bool)
    start_N = np.rint(index_N * message.spec.hop_s * 1e6).astype(np.int64)
    duration_us = round(message.spec.duration_s * 1e6)
    for since, until in intervals:
        since_us, until_us = (_micros(at - message.origin_at) for at in (since, until))
        kept_N &= (start_N >= until_us) | (start_N + duration_us <= since_us)
    if kept_N.all():
        return message
    return _cut(message, kept_N) if kept_N.any() else None


def _cut(message: ClipsScored, kept_N: "NDArray[np.bool_]") -> ClipsScored:
    indexes = np.frombuffer(message.indexes, "<i8")[kept_N]
    there = set(indexes.tolist())
    return message.model_copy(
        update={
            "indexes": indexes.tobytes(),
            "short": tuple(one for one in message.short if one.index in there),
            "heads": tuple(_cut_head(head, kept_N) for head in message.heads),
        }
    )


def _cut_head(head: HeadScores, kept_N: "NDArray[np.bool_]") -> HeadScores:
    return head.model_copy(
        update={
            name: np.frombuffer(getattr(head, name), "<f8")[kept_N].tobytes()
            for name in ("scores", "calibrated")
        }
    )


def _micros(length: timedelta) -> int:
    return length // timedelta(microseconds=1)
