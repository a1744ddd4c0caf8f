"""Whether pictures come, and since when they do not. Pure."""

from dataclasses import dataclass
from datetime import datetime, timedelta

OFFLINE_S = 10.0
STARTING = 2.0
"""So many times as long a camera may take for its first picture, while nothing bad is heard of it:
a machine may start dozens at once."""
STEADY_S = 2.0
"""Pictures must come for so long before an outage is over: a camera that gives one and breaks off
again is not back."""
AGAIN_S = 60.0
"""An outage is told again after so long, with its latest reason."""
SILENT = "No picture comes from the camera."


@dataclass(frozen=True)
class Outage:
    """No picture came from `since` on. `at` is when that was so; its end, where it is over."""

    since: datetime
    at: datetime
    reason: str
    is_over: bool = False


class Presence:
    """Told what comes, by one clock that never goes back. Gives an outage when it begins to count,
    every AGAIN_S, and when it is over.
    """

    def __init__(
        self, now: datetime, since: datetime | None = None, offline_s: float = OFFLINE_S
    ) -> None:
        """`since` is when an outage began that was told before, and is not over."""
        self._latest, self._offline_s = now, offline_s
        self.since = since
        """When the present outage began, once it was told."""
        self._told = now - timedelta(seconds=AGAIN_S)
        self._back: datetime | None = None
        self._reason = SILENT

    def frame(self, moment: datetime) -> Outage | None:
        if self._back is None or (moment - self._latest).total_seconds() > STEADY_S:
            self._back = moment
        self._latest = max(self._latest, moment)
        if self.since is None or (moment - self._back).total_seconds() < STEADY_S:
            return None
        outage = Outage(self.since, max(self._back, self.since), self._reason, is_over=True)
        self.since, self._reason = None, SILENT
        return outage

    def lost(self, reason: str) -> None:
        """Why it ended, or could not be opened."""
        self._reason = reason

    def tick(self, now: datetime) -> Outage | None:
        is_steady = self._back is not None and self._latest - self._back >= timedelta(
            seconds=STEADY_S
        )
        silent_s = (now - self._latest).total_seconds()
        if self.since is None:
            is_starting = self._back is None and self._reason == SILENT
            if silent_s < self._offline_s * (STARTING if is_starting else 1.0):
                return None
            self.since = self._latest
        elif (now - self._told).total_seconds() < AGAIN_S or (is_steady and silent_s < STEADY_S):
            return None
        self._told = now
        return Outage(self.since, now, self._reason)
