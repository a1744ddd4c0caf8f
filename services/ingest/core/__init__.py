"""Frames at any times -> clips on the source's absolute grid (ADR 0013, 0014). Pure: opaque
pictures, no clock. Uploads are drawn through generators; cameras push their frames in.
"""

from services.ingest.core.cutting import Clip, Cutting, cut
from services.ingest.core.live import LiveClock, LiveCutter
from services.ingest.core.sampling import Sample, Sampling, sample
from services.ingest.core.timing import Timing

__all__ = [
    "Clip",
    "Cutting",
    "LiveClock",
    "LiveCutter",
    "Sample",
    "Sampling",
    "Timing",
    "cut",
    "sample",
]
