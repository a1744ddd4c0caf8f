"""The stretch of time that a list is asked for: `since` and `until` of a query."""

from dataclasses import dataclass
from datetime import datetime
from typing import Annotated

from fastapi import Depends, Query

from services.api.moments import Moment
from services.api.problems import Problem


@dataclass(frozen=True)
class Period:
    """From `since` on, up to and without `until`; None: without that end."""

    since: datetime | None = None
    until: datetime | None = None


def period(
    since: Annotated[Moment | None, Query(description="from this moment on, ISO 8601")] = None,
    until: Annotated[Moment | None, Query(description="up to and without this moment")] = None,
) -> Period:
    """Raises Problem 422 for two moments that are swapped: an empty list would look like a fact."""
    if since and until and until <= since:
        raise Problem(422, "The stretch ends before it begins.")
    return Period(since, until)


Between = Annotated[Period, Depends(period)]
