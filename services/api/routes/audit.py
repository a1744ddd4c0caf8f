"""The audit log: read it, and check that nobody changed it. No route changes it."""

from typing import Annotated
from uuid import UUID

from fastapi import APIRouter, Query

from services.api.auditing.chain import Link
from services.api.auditing.reading import AuditFilter, audit_page, verification
from services.api.auditing.views import AuditPage, AuditVerification
from services.api.auth import Administering
from services.api.cursors import BadCursor
from services.api.deps import Database
from services.api.periods import Between
from services.api.principal import Principal
from services.api.problems import Problem, documented
from services.api.routes.videos import Limit, Token, cursor_of

router = APIRouter(prefix="/audit", tags=["audit"])
Tenant = Annotated[UUID | None, Query(description="another tenant's; for the machine's operator")]
Text = Annotated[str | None, Query(max_length=255)]
Action = Annotated[
    str | None,
    Query(max_length=64, description="camera.added; or with the dot alone, camera., all of a noun"),
]
Head = Annotated[
    str | None,
    Query(
        pattern=r"^[0-9]{1,18}:[0-9a-f]{64}$",
        description="as a verification gave it earlier: that row must be there still",
        examples=[f"4711:{'0f' * 32}"],
    ),
]


@router.get("", summary="Who did what, latest first", responses=documented(401, 403, 404, 422))
def audit_list(  # noqa: PLR0913 - each is a parameter of the route
    database: Database,
    principal: Administering,
    between: Between,
    action: Action = None,
    actor: Text = None,
    subject: Text = None,
    tenant_id: Tenant = None,
    limit: Limit = 50,
    cursor: Token = None,
) -> AuditPage:
    """`actor` is a mail address or the name of a key, `subject` the id of what it was done to."""
    wanted = AuditFilter(action, actor, subject, between.since, between.until)
    chain = _chain(principal, tenant_id)
    try:
        return audit_page(database, chain, wanted, limit, cursor_of(cursor))
    except BadCursor as error:
        raise Problem(422, str(error)) from error


@router.get("/verification", summary="Is the log whole?", responses=documented(401, 403, 404, 422))
def verify(
    database: Database, principal: Administering, tenant_id: Tenant = None, head: Head = None
) -> AuditVerification:
    """Follows every row from the first to the head. Note the head elsewhere: a later check with it
    finds even what somebody forged who can write all tables.
    """
    return verification(database, _chain(principal, tenant_id), _noted(head))


def _chain(principal: Principal, tenant_id: UUID | None) -> str:
    """Raises Problem 404 for another tenant's."""
    if tenant_id is None:
        return str(principal.home)
    if principal.tenant_id not in (None, tenant_id):
        raise Problem(404, f"There is no tenant {tenant_id}.")
    return str(tenant_id)


def _noted(head: str | None) -> Link | None:
    if head is None:
        return None
    sequence, _, hash_ = head.partition(":")
    return Link(int(sequence), hash_)
