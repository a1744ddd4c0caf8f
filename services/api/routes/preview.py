"""Trying a policy on what was seen already."""

from threading import BoundedSemaphore

from fastapi import APIRouter
from sqlalchemy import ColumnElement, Connection

from services.api.access.stores import store as store_of
from services.api.auth import Configuring
from services.api.deps import Context
from services.api.policies.entering import shipped_rules
from services.api.policies.preview import Preview, PreviewEntry
from services.api.policies.views import PreviewView
from services.api.principal import Principal, visible
from services.api.problems import Problem, documented
from services.api.queries.sources import source_row
from services.api.routes.videos import found
from services.api.tables import sources

router = APIRouter(prefix="/policies", tags=["policies"])
_TURN = BoundedSemaphore(1)
"""A preview keeps a core busy for seconds: an instance makes one at a time."""


@router.post(
    "/preview",
    summary="Show what a policy would have raised",
    responses=documented(401, 403, 404, 422, 429, 503),
)
def preview(entry: PreviewEntry, context: Context, principal: Configuring) -> PreviewView:
    """Replays the scores that are kept of up to a hundred cameras and 31 days, and the poses that
    lie on the log, through the rules as the policy would have them, and counts by day and rule,
    beside what was raised. Changes nothing. `notes` say what could not be replayed, and over which
    time. What one call cannot do is `left_out`; while another preview is made, it answers 429.
    """
    with context.engine.connect() as database:
        concerned = _concerned(database, principal, entry)
    if not _TURN.acquire(blocking=False):
        raise Problem(429, "Another preview is being made: try again soon.", {"Retry-After": "5"})
    try:
        made = Preview(context.engine, context.broker, entry, shipped_rules(context))
        return made.over(concerned, context.clock.now())
    finally:
        _TURN.release()


def _concerned(
    database: Connection, principal: Principal, entry: PreviewEntry
) -> ColumnElement[bool]:
    """The sources that are meant. Raises Problem 404 for what is not theirs."""
    if entry.store_id is not None:
        found(store_of(database, principal, entry.store_id), "store", entry.store_id)
        in_store = sources.c.store_id == str(entry.store_id)
        return in_store & (sources.c.source_kind == "camera") & visible(principal)
    names = [str(name) for name in entry.source_ids or ()]
    for name in entry.source_ids or ():
        found(source_row(database, principal, name), "source", name)
    return sources.c.source_id.in_(names) & visible(principal)
