"""What is wrong with a camera at present: said again now and then, and ended whatever happens."""

from collections.abc import Callable, Iterable
from datetime import datetime

from schemas.health import Condition, SourceHealth

AGAIN_S = 60.0
LASTING_S = 10.0
"""What a recorder fails at for less is no condition."""

Tell = Callable[[SourceHealth], None]


class Conditions:
    """Of one camera on one grid. Outages are not kept here: they outlive the process.

    `changed` is called when a condition begins or ends, so that it can be written down.
    """

    def __init__(self, tell: Tell, changed: Callable[[], None]) -> None:
        self._tell, self._changed = tell, changed
        self._open: dict[Condition, SourceHealth] = {}

    def spells(self) -> dict[str, float]:
        """What goes on, and since when, in seconds from the origin."""
        return {name: health.start_s for name, health in self._open.items()}

    def show(self, health: SourceHealth) -> None:
        """A condition began, goes on, or is over."""
        self._tell(health)
        was_open = health.condition in self._open
        if health.is_over:
            self._open.pop(health.condition, None)
        else:
            self._open[health.condition] = health
        if was_open == health.is_over:
            self._changed()

    def repeat(self, at_s: float, cut_at: datetime) -> None:
        """Say again what goes on and was not said for AGAIN_S."""
        for condition, health in list(self._open.items()):
            if at_s - health.at_s >= AGAIN_S:
                self._open[condition] = health.model_copy(update={"at_s": at_s, "cut_at": cut_at})
                self._tell(self._open[condition])

    def inherit(self, left: Iterable[SourceHealth]) -> None:
        """What a process that died had said: over, unless it is found again."""
        for health in left:
            self._tell(health)


class Lasting:
    """A failure that counts once it has lasted for LASTING_S."""

    def __init__(self) -> None:
        self._since: datetime | None = None
        self._is_told = False

    def show(self, fails: bool, now: datetime) -> tuple[datetime, bool] | None:
        """Since when it lasts, and whether it is over; None where there is nothing to say."""
        since = self._since
        if not fails:
            told, self._since, self._is_told = self._is_told, None, False
            return (since, True) if told and since is not None else None
        if since is None:
            self._since = now
            return None
        if self._is_told or (now - since).total_seconds() < LASTING_S:
            return None
        self._is_told = True
        return since, False
