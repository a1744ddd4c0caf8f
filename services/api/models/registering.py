"""Detectors are handed in, changed and taken away: the object first, then the row."""

import hashlib
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Any
from uuid import UUID

from sqlalchemy import Connection, delete, func, insert, select, update
from sqlalchemy.exc import IntegrityError

from services.api import audit
from services.api.deps import Tools
from services.api.models.deploying import Undeployable
from services.api.models.packages import Package
from services.api.models.queries import Row, is_deployed, model_row
from services.api.models.tables import models
from services.api.models.views import ModelChange
from services.api.principal import Principal
from services.api.tables import NAME_CHARS
from services.chassis.storage.database import transaction

TRIES = 5
"""Two who register under one name at once count on one after the other."""


class Differs(Exception):
    """The same detector was registered with another card. The text is one sentence."""


@dataclass(frozen=True)
class Offer:
    """What somebody hands in: checked, and written as it is to be kept."""

    package: Package
    path: Path
    name: str
    note: str

    @property
    def sha256(self) -> str:
        with self.path.open("rb") as file:
            return hashlib.file_digest(file, "sha256").hexdigest()


def register(context: Tools, principal: Principal, offer: Offer) -> tuple[str, bool]:
    """The detector's id, and whether it is new: the same content again changes nothing.

    Raises Differs, TransientError.
    """
    sha256 = offer.sha256
    detector, tenant_id = offer.package.detector, principal.home
    with context.engine.connect() as database:
        before = model_row(database, tenant_id, detector)
    if before is not None:
        return _same(before, sha256), False
    key = f"models/{tenant_id}/{detector}-{sha256[:12]}.zip"
    context.store.put_file(key, offer.path, "application/zip")
    row = {
        "tenant_id": str(tenant_id),
        "detector": detector,
        "name": offer.name,
        "cards": [card.model_dump(mode="json") for card in offer.package.cards],
        "sha256": sha256,
        "size_bytes": offer.path.stat().st_size,
        "object_key": key,
        "note": offer.note,
        "registered_by": principal.actor.name[:NAME_CHARS],
    }
    return _added(context, principal, row)


def _added(context: Tools, principal: Principal, row: dict[str, Any]) -> tuple[str, bool]:
    """Raises Differs where somebody else was faster with another card."""
    detector = row["detector"]
    for attempt in range(TRIES):
        now = context.clock.now()
        try:
            with transaction(context.engine) as database:
                version = _next_version(database, row["tenant_id"], row["name"])
                content = row | {"version": version, "registered_at": now}
                database.execute(insert(models).values(content))
                detail = {"name": row["name"], "version": version, "sha256": row["sha256"]}
                audit.record(database, principal, "model.registered", detector, detail, at=now)
            return detector, True
        except IntegrityError:
            with context.engine.connect() as database:
                before = model_row(database, UUID(row["tenant_id"]), detector)
            if before is not None:
                return _same(before, row["sha256"]), False
            if attempt == TRIES - 1:
                raise
    raise AssertionError("the loop returns or raises")


def change(
    context: Tools, principal: Principal, detector: str, wanted: ModelChange, now: datetime
) -> bool:
    """Whether there is such a detector. Raises Undeployable for one that is in use."""
    with transaction(context.engine) as database:
        row = _held(database, principal.home, detector)
        if row is None:
            return False
        given = wanted.model_dump(exclude_none=True)
        content: dict[str, Any] = {"note": given["note"]} if "note" in given else {}
        if wanted.is_retired is not None and wanted.is_retired != (row["retired_at"] is not None):
            if wanted.is_retired:
                _require_idle(database, principal.home, detector)
            content["retired_at"] = now if wanted.is_retired else None
        if content:
            database.execute(update(models).where(*_mine(principal.home, detector)).values(content))
            audit.record(database, principal, "model.changed", detector, given, at=now)
    return True


def remove(context: Tools, principal: Principal, detector: str, now: datetime) -> bool:
    """With its package; whether there was one. The history of deployments keeps its name.

    Raises Undeployable for one that is in use.
    """
    with transaction(context.engine) as database:
        row = _held(database, principal.home, detector)
        if row is None:
            return False
        _require_idle(database, principal.home, detector)
        database.execute(delete(models).where(*_mine(principal.home, detector)))
        detail = {"name": row["name"], "version": row["version"]}
        audit.record(database, principal, "model.removed", detector, detail, at=now)
    context.store.delete(row["object_key"])
    return True


def _require_idle(connection: Connection, tenant_id: UUID, detector: str) -> None:
    if is_deployed(connection, tenant_id, detector):
        raise Undeployable("It is live or a shadow somewhere: take it out there first.")


def _held(connection: Connection, tenant_id: UUID, detector: str) -> Row | None:
    query = select(models).where(*_mine(tenant_id, detector)).with_for_update()
    return connection.execute(query).mappings().first()


def _mine(tenant_id: UUID, detector: str) -> Sequence[Any]:
    return models.c.tenant_id == str(tenant_id), models.c.detector == detector


def _next_version(connection: Connection, tenant_id: str, name: str) -> int:
    mine = models.c.tenant_id == tenant_id, models.c.name == name
    return int(connection.scalar(select(func.max(models.c.version)).where(*mine)) or 0) + 1


def _same(before: Row, sha256: str) -> str:
    if before["sha256"] != sha256:
        raise Differs(
            "The same weights, calibrations and rules are registered already, as"
            f" {before['name']} {before['version']}, and its cards say something else."
        )
    return str(before["detector"])
