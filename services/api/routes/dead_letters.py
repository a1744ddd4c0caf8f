"""Dead letters: records that could not be used. What can be told of a source is its tenant's to
see; the rest is for the machine's own token.
"""

from typing import Annotated, Any
from uuid import UUID

from fastapi import APIRouter, Path, Query

from services.api.auth import Administering
from services.api.deadletters import deeds
from services.api.deadletters.content import shown
from services.api.deadletters.deeds import LetterDone, LetterGone
from services.api.deadletters.reading import Row, fields_of, letter_page, letter_row, view_of
from services.api.deadletters.views import (
    DeadLetterContent,
    DeadLetterPage,
    DeadLetterView,
    LetterFilter,
    LetterState,
)
from services.api.deps import Context, Database, Tools
from services.api.periods import Between
from services.api.principal import Principal
from services.api.problems import Problem, documented
from services.api.routes.videos import Limit, Token, cursor_of, found

router = APIRouter(prefix="/dead-letters", tags=["dead letters"])
LetterId = Annotated[UUID, Path(examples=["7c9e6679-7425-50de-944b-e07fc1f90ae7"])]
NOTHING_KEPT: dict[str, Any] = {
    "is_kept": False,
    "key": None,
    "headers": {},
    "sha256": None,
    "content": None,
}


@router.get("", summary="List dead letters, latest first", responses=documented(401, 403, 422))
def dead_letter_list(  # noqa: PLR0913 - each is a parameter of the route
    database: Database,
    principal: Administering,
    between: Between,
    topic: Annotated[str | None, Query(max_length=255, examples=["scores.v1"])] = None,
    reason: Annotated[str | None, Query(max_length=200, description="a part of it")] = None,
    state: LetterState | None = None,
    source_id: UUID | None = None,
    limit: Limit = 50,
    cursor: Token = None,
) -> DeadLetterPage:
    """For a week: then Kafka lets go of them."""
    wanted = LetterFilter(topic, reason, state, between.since, between.until, source_id)
    return letter_page(database, principal, wanted, limit, cursor_of(cursor))


@router.get(
    "/{letter_id}",
    summary="A dead letter, and what its record says",
    responses=documented(401, 403, 404, 422, 503),
)
def dead_letter(
    letter_id: LetterId, context: Context, principal: Administering
) -> DeadLetterContent:
    """Without bytes and secrets. `content` is null where the record is no message at all."""
    row = _row(context, principal, letter_id)
    try:
        content = {"is_kept": True} | shown(deeds.letter_of(context.broker, row))
    except LetterGone:
        content = NOTHING_KEPT
    return DeadLetterContent.model_validate(fields_of(row) | content)


@router.post(
    "/{letter_id}/replay",
    summary="Put its record on the topic again",
    responses=documented(401, 403, 404, 409, 410, 422, 503),
)
def replay(letter_id: LetterId, context: Context, principal: Administering) -> DeadLetterView:
    """Byte for byte, under its key. If it fails again, that is a letter of its own, which says how
    often the record was replayed. It comes after what was written since: whoever looks at order
    passes over what is old by then.
    """
    row = _row(context, principal, letter_id)
    try:
        deeds.replay(context, principal, row)
    except LetterDone as error:
        raise Problem(409, str(error)) from error
    except LetterGone as error:
        raise Problem(410, str(error)) from error
    return view_of(_row(context, principal, letter_id))


@router.delete(
    "/{letter_id}",
    status_code=204,
    summary="Drop it: nobody needs to look at it any more",
    responses=documented(401, 403, 404, 409, 422, 503),
)
def drop(letter_id: LetterId, context: Context, principal: Administering) -> None:
    """It stays in the list of what was dropped for as long as letters are kept."""
    row = _row(context, principal, letter_id)
    try:
        deeds.drop(context, principal, row)
    except LetterDone as error:
        raise Problem(409, str(error)) from error


def _row(context: Tools, principal: Principal, letter_id: UUID) -> Row:
    """Raises Problem 404."""
    with context.engine.connect() as database:
        return found(letter_row(database, principal, letter_id), "dead letter", letter_id)
