"""All that the first page of the dashboard shows, in one request."""

from fastapi import APIRouter

from services.api.auth import Viewing
from services.api.deps import Context, Database
from services.api.overviews import OverviewView, PartView
from services.api.problems import documented
from services.api.queries import overview as queries

router = APIRouter(prefix="/overview", tags=["overview"])


@router.get("", summary="Stores, cameras, alerts at a glance", responses=documented(401, 422))
def overview(context: Context, database: Database, principal: Viewing) -> OverviewView:
    """Of the stores that one sees."""
    states = sorted(context.health().items())
    parts = [PartView(name=name, works=state.works, fault=state.fault) for name, state in states]
    return queries.overview(database, principal, parts, context.clock.now())
