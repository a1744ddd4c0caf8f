"""What speaks for a promotion: the comparison of a run of the detector with what is live."""

from typing import Any

from sqlalchemy import Connection, select

from services.api.comparisons.comparing import comparison_of
from services.api.comparisons.reading import TooManyAlerts
from services.api.models.deploying import shadow_run
from services.api.principal import Principal
from services.api.replays.queries import judged, seen
from services.api.replays.tables import replays


class Incomparable(Exception):
    """The run says nothing of the detector. The text is one sentence."""


class NoSuchRun(Exception):
    """There is none, or it is not theirs. The text is one sentence."""


def compared(
    connection: Connection, principal: Principal, detector: str, run: str
) -> dict[str, Any]:
    """The comparison, to be kept: of a replay over its own stretch, of a shadow over its latest
    week. May take seconds. Raises Incomparable, NoSuchRun.
    """
    replay = judged(connection, principal, run)
    if replay is None and run != shadow_run(detector):
        raise NoSuchRun(f"There is no replay {run}.")
    if replay is not None and replay.detector != detector:
        raise Incomparable(f"The replay {run} is one of {replay.detector}, not of {detector}.")
    if replay is not None and not replay.is_done:
        raise Incomparable(f"The replay {run} is {replay.state}: only a finished one counts.")
    try:
        found = comparison_of(connection, principal, run)
    except TooManyAlerts as error:
        raise Incomparable(str(error)) from error
    if found is None:
        raise NoSuchRun(f"Nothing was judged as {run} yet.")
    return found


def latest_replay(connection: Connection, principal: Principal, detector: str) -> str | None:
    """The run of the latest finished replay of the detector."""
    mine = replays.c.detector == detector, replays.c.state == "done", seen(principal)
    query = select(replays.c.run).where(*mine).order_by(replays.c.requested_at.desc()).limit(1)
    found: str | None = connection.scalar(query)
    return found
