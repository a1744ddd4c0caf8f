"""What may be wrong with a source: how people hear of it. Scoring raises the alerts, the API offers
the labels to whoever chooses of what to hear.
"""

from collections.abc import Mapping
from typing import NamedTuple

from schemas.alerts import Severity
from schemas.health import Condition


class Kind(NamedTuple):
    """How people hear of a condition, and how grave it is; without a severity they do not."""

    label: str
    severity: Severity | None


KINDS: Mapping[Condition, Kind] = {
    "offline": Kind("Camera offline", "critical"),
    "covered": Kind("Camera covered", "critical"),
    "moved": Kind("Camera moved", "critical"),
    "frozen": Kind("Picture frozen", "warning"),
    "dark": Kind("Picture dark", "warning"),
    "blurred": Kind("Picture blurred", "warning"),
    "clips_dropped": Kind("Footage lost", "warning"),
    "not_recorded": Kind("Not recorded", "warning"),
    "calibration_drift": Kind("Calibration drifted", "warning"),
    "clock_stepped": Kind("Clock set", None),
    "overloaded": Kind("Not everything is looked at", None),
    "still": Kind("Nothing moves", None),
}
