"""Health: what is wrong with a source, or was. A fact of its own beside the scores (ADR 0023)."""

from typing import Annotated, Literal

from pydantic import Field

from schemas.base import Seconds
from schemas.clips import OfSource

Condition = Literal[
    "offline",
    "frozen",
    "dark",
    "covered",
    "blurred",
    "moved",
    "clock_stepped",
    "still",
    "overloaded",
    "clips_dropped",
    "not_recorded",
    "calibration_drift",
]


class SourceHealth(OfSource):
    """A condition of a source began, goes on, or is over.

    `offline`: no picture comes; `frozen`: the same picture comes again and again; `dark`,
    `covered`, `blurred`, `moved`: what the picture shows has become useless, or is something else;
    `clock_stepped`: the wall clock was set, and the source has a new grid from then on; `still`:
    nothing moves, and the motion gate publishes no clips; `overloaded`: fewer windows are looked at
    than the detector asks for, or clips are skipped; `clips_dropped`: clips that waited for Kafka
    had to go; `not_recorded`: its recording fails, as on a full disk; `calibration_drift`: its
    scores left what was learned of them, or its alarms their budget. `start_s` is when the
    condition began: condition and start together are the same through its whole life. `still`,
    `overloaded` and `clips_dropped` count in `count` what was left out so far.
    A condition at a moment (`clock_stepped`) is over as it is told.
    """

    type: Literal["nightclerk.source.health.v1"] = "nightclerk.source.health.v1"
    condition: Condition
    is_over: bool = False
    start_s: Seconds
    at_s: Seconds = Field(description="when this was so; the end, where it is over")
    detail: str = Field(default="", max_length=500, description="one sentence for people")
    count: Annotated[int, Field(ge=0)] = 0
