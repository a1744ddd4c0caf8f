"""For whom all pictures of a tenant have hidden faces."""

from collections.abc import Collection
from datetime import datetime
from typing import Literal
from uuid import UUID

from pydantic import BaseModel, Field
from sqlalchemy import Connection, select

from services.api.keeping.tables import face_rules
from services.api.principal import RIGHTS, Principal
from services.api.tables import NAME_CHARS, sources
from services.api.view import EXAMPLE_WHEN, View, example
from services.chassis.storage.database import upsert

HiddenFor = Literal["nobody", "viewers", "everybody"]


class FaceRule(BaseModel):
    """`viewers` are people and keys that may view and nothing else."""

    blurred_for: HiddenFor = Field(
        description="who gets no picture but with hidden faces, whatever they ask for"
    )

    model_config = example({"blurred_for": "viewers"})


class FaceRuleView(View):
    """The rule in force for the tenant."""

    blurred_for: HiddenFor
    has_detector: bool = Field(description="whether a face detector runs beside the poses")
    changed_at: datetime | None
    changed_by: str

    model_config = example(
        {
            "blurred_for": "viewers",
            "has_detector": False,
            "changed_at": EXAMPLE_WHEN,
            "changed_by": "owner@shop.example",
        }
    )


def face_rule(connection: Connection, tenant_id: UUID, has_detector: bool) -> FaceRuleView:
    query = select(face_rules).where(face_rules.c.tenant_id == str(tenant_id))
    row = connection.execute(query).mappings().first()
    return FaceRuleView(
        blurred_for=row["blurred_for"] if row else "nobody",
        has_detector=has_detector,
        changed_at=row["changed_at"] if row else None,
        changed_by=row["changed_by"] if row else "",
    )


def enter(
    connection: Connection, principal: Principal, tenant_id: UUID, rule: FaceRule, now: datetime
) -> None:
    row = {
        "tenant_id": str(tenant_id),
        "blurred_for": rule.blurred_for,
        "changed_at": now,
        "changed_by": principal.actor.name[:NAME_CHARS],
    }
    upsert(connection, face_rules, [row], ["blurred_for", "changed_at", "changed_by"])


def hidden_among(
    connection: Connection, principal: Principal, source_ids: Collection[str]
) -> frozenset[str]:
    """Of which of these sources the principal gets no picture but with hidden faces."""
    together = sources.join(face_rules, face_rules.c.tenant_id == sources.c.tenant_id)
    query = select(sources.c.source_id, face_rules.c.blurred_for).select_from(together)
    rows = connection.execute(query.where(sources.c.source_id.in_(source_ids)))
    return frozenset(row.source_id for row in rows if hides_from(row.blurred_for, principal))


def sources_with_hidden_faces(connection: Connection) -> frozenset[str]:
    """Of which somebody gets no picture but with hidden faces."""
    together = sources.join(face_rules, face_rules.c.tenant_id == sources.c.tenant_id)
    query = select(sources.c.source_id).select_from(together)
    query = query.where(face_rules.c.blurred_for != "nobody", sources.c.is_being_removed.is_(False))
    return frozenset(connection.scalars(query))


def hides_from(hidden_for: str | None, principal: Principal) -> bool:
    """Whether that rule, or none, binds the principal."""
    if hidden_for == "everybody":
        return True
    return hidden_for == "viewers" and principal.rights <= RIGHTS["viewer"]


def must_hide(connection: Connection, principal: Principal, source_id: UUID) -> bool:
    """Whether what the principal gets of a source has hidden faces."""
    return bool(hidden_among(connection, principal, (str(source_id),)))
