"""Calibrations: what scores and verdicts made of the marks of cameras."""

from datetime import timedelta
from typing import Annotated

from fastapi import APIRouter, Query

from services.api.auth import Viewing
from services.api.calibrations import queries
from services.api.calibrations.queries import CalibrationsAsked
from services.api.calibrations.views import CalibrationPage, CameraCalibrationView
from services.api.deps import Context, Database
from services.api.problems import documented
from services.api.routes.sources import OfStore, SourceId
from services.api.routes.videos import Limit, Token, cursor_of, found

router = APIRouter(tags=["calibrations"])
MOST_DAYS = 400
OnlyDrifting = Annotated[bool, Query(description="only models whose calibration holds no more")]
Days = Annotated[int, Query(ge=1, le=MOST_DAYS, description="how many of the latest days")]


@router.get(
    "/calibrations",
    summary="The marks of cameras, and what moved them",
    responses=documented(401, 403, 422),
)
def calibration_list(  # noqa: PLR0913 - each is a parameter of the route
    context: Context,
    database: Database,
    principal: Viewing,
    store_id: OfStore = None,
    drifting: OnlyDrifting = False,
    limit: Limit = 50,
    cursor: Token = None,
) -> CalibrationPage:
    """A row a camera and model of which something was learned; `limit` counts cameras."""
    wanted = CalibrationsAsked(principal, store_id, drifting)
    now = context.clock.now()
    return queries.calibration_page(database, wanted, limit, cursor_of(cursor), now)


@router.get(
    "/cameras/{source_id}/calibration",
    summary="What was learned of a camera",
    responses=documented(401, 403, 404, 422),
)
def camera_calibration(
    source_id: SourceId, context: Context, database: Database, principal: Viewing, days: Days = 60
) -> CameraCalibrationView:
    """The curve of its days, the marks, drift, and the verdicts that count now."""
    now = context.clock.now()
    since = now.date() - timedelta(days=days)
    view = queries.camera_calibration(database, principal, source_id, since, now)
    return found(view, "camera", source_id)
