"""How far a store is with heads of its own, and what to mark next."""

from datetime import timedelta
from typing import Annotated
from uuid import UUID

from fastapi import APIRouter, Query

from services.api.auth import Viewing
from services.api.deps import Context, Database
from services.api.learning import suggesting
from services.api.learning.counting import progress, within
from services.api.learning.views import LearningView
from services.api.problems import documented
from services.api.scores.reading import Span

router = APIRouter(prefix="/learning", tags=["learning"])
LOOKED_AT = timedelta(days=7)
"""Suggestions are of footage that is still there, as a rule."""


@router.get("", summary="How far heads are, and what to mark next", responses=documented(401, 422))
def learning(
    context: Context,
    database: Database,
    principal: Viewing,
    store_id: Annotated[UUID | None, Query(description="of this store only")] = None,
    limit: Annotated[int, Query(ge=0, le=100, description="of suggestions")] = 20,
) -> LearningView:
    """Marks are counted for as long as reviews are kept; suggestions and quiet hours are of the
    latest seven days.
    """
    now = context.clock.now()
    span, place = Span(now - LOOKED_AT, now), within(principal, store_id)
    return LearningView(
        labels=progress(database, place, span.since),
        quiet_hours=suggesting.quiet_hours(database, place, span),
        since=span.since,
        suggestions=suggesting.suggestions(database, place, span, limit) if limit else [],
    )
