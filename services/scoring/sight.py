"""What a message shows: rows of vectors in order of time, whatever network looked.

A head that takes `windows` looks at one row, the latest windows of the source. One that takes
`persons` looks at a row of frames for each person who is there; there may be none.
Shapes: T windows or frames, D dimensions.
"""

from collections.abc import Mapping, Sequence

import numpy as np

from schemas.clips import ClipRef
from schemas.embeddings import EmbeddingExtracted
from schemas.poses import PosesExtracted
from services.scoring.heads.registry import Takes
from services.scoring.poses import PERSON_NUMBERS, SCENE_NUMBERS, Tracks, scene_vector
from services.scoring.state import SourceState, Vectors

POSE_BACKBONE = "yolov8_pose"
"""The one network that gives poses; heads made for it read `poses.v1`."""
POSE_DIMS: Mapping[Takes, int] = {"windows": SCENE_NUMBERS, "persons": PERSON_NUMBERS}

Seen = EmbeddingExtracted | PosesExtracted
Rows = Mapping[Takes, Sequence[Vectors]]


def clips(message: Seen) -> tuple[ClipRef, ...]:
    """The clips that a score of the message is a score of."""
    return message.clips if isinstance(message, EmbeddingExtracted) else (message.clip,)


def look(known: SourceState, message: Seen, context: int) -> tuple[SourceState, Rows]:
    """The rows that end with this message, of at most `context` windows, and what to keep."""
    if isinstance(message, EmbeddingExtracted):
        return _windows(known, np.frombuffer(message.vector, "<f4"), message.clips, context)
    tracks, persons_PTD = Tracks.from_bytes(known.tracks).update(message)
    known, rows = _windows(known, scene_vector(message), (message.clip,), context)
    kept = known.model_copy(update={"tracks": tracks.to_bytes()})
    return kept, {**rows, "persons": list(persons_PTD)}


def _windows(
    known: SourceState, vector_D: Vectors, refs: Sequence[ClipRef], context: int
) -> tuple[SourceState, Rows]:
    row_TD = known.row(vector_D, refs[0].start_s, context)
    return known.remembering(row_TD, refs[-1].end_s, context), {"windows": [row_TD]}
