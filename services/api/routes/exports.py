"""Bulk export: scores, alerts and conditions of many sources, as one CSV or Parquet file."""

from datetime import timedelta
from typing import Annotated, Any, Literal
from uuid import UUID

from fastapi import APIRouter, Path, Query, Response
from fastapi.responses import StreamingResponse

from schemas.judgements import LIVE
from services.api import audit
from services.api.auth import Viewing
from services.api.deps import Context
from services.api.exports.columns import COLUMNS, TableName
from services.api.periods import Between
from services.api.problems import Problem, documented
from services.api.routes.sources import RunName
from services.chassis.storage.database import transaction

router = APIRouter(prefix="/exports", tags=["exports"])
LONGEST = timedelta(days=366)
DEFAULT = timedelta(days=1)
FILES: dict[int | str, dict[str, Any]] = {
    200: {
        "description": "The file; the columns stand in docs/reference/exports.md.",
        "content": {
            "text/csv": {"schema": {"type": "string"}},
            "application/vnd.apache.parquet": {"schema": {"type": "string", "format": "binary"}},
        },
    }
}


@router.get(
    "/{table}",
    operation_id="exportTable",
    summary="Scores by clip or minute, alerts or conditions, as CSV or Parquet",
    responses=FILES | documented(401, 404, 422, 503),
    response_class=Response,
)
def export(  # noqa: PLR0913 - each is a parameter of the route
    table: Annotated[TableName, Path(description="what is to be exported")],
    context: Context,
    principal: Viewing,
    between: Between,
    wanted: Annotated[Literal["csv", "parquet"], Query(alias="format")] = "csv",
    run: RunName = LIVE,
    store_id: Annotated[UUID | None, Query(description="of this store's sources only")] = None,
    source_id: Annotated[UUID | None, Query(description="of this source only")] = None,
) -> Response:
    """Without a store or source of all that one may see; the latest day where nothing else is
    asked for, 366 days at most. Streamed, source by source, each in order of time (scores: rule by
    rule). An answer that breaks off is no whole file. The export is noted in the audit log.
    """
    # Only here, since it takes 60 MB that an API from which nobody exports need not have.
    from services.api.exports import formats, reading

    until = between.until or context.clock.now()
    since = between.since or until - DEFAULT
    if not timedelta(0) < until - since <= LONGEST:
        raise Problem(422, f"The stretch must end after it begins, at most {LONGEST.days} d later.")
    asked = reading.ExportAsked(table, since, until, run, store_id, source_id)
    with transaction(context.engine) as connection:
        of = reading.sources_of(connection, principal, asked)
        if not of and (store_id or source_id):
            raise Problem(404, "There is no such store or source, or none of its sources.")
        detail = {"format": wanted, "since": since, "until": until, "run": run, "sources": len(of)}
        subject = str(source_id or store_id or principal.home)
        audit.record(connection, principal, f"{table}.exported", subject, detail)
    content = formats.encoded(COLUMNS[table], reading.batches(context.engine, of, asked), wanted)
    name = f"nightclerk-{table}-{since:%Y%m%dT%H%M%SZ}-{until:%Y%m%dT%H%M%SZ}.{wanted}"
    headers = {"Content-Disposition": f'attachment; filename="{name}"', "Cache-Control": "no-store"}
    return StreamingResponse(content, headers=headers, media_type=formats.MEDIA_TYPES[wanted])
