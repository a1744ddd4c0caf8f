"""`nightclerk bench --api`: a stack of its own whose API many clients ask at once."""

import io
import os
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path
from typing import Any
from uuid import UUID

from sqlalchemy import Engine, select

from schemas.ids import evidence_key, snapshot_key
from services.api.access import keys, tenants
from services.api.access.keys import NewKey
from services.api.bench.cameras import BEGIN, Camera, fill, join_stores
from services.api.bench.load import Asker, LoadPlan, measure
from services.api.config import ApiSettings
from services.api.principal import Principal, Right
from services.api.tables import alerts
from services.chassis.storage import database
from services.chassis.storage.migrations import upgrade
from services.chassis.storage.s3 import S3Objects
from services.local.stack import LocalStack

TENANTS = 3
WITH_EVIDENCE = 100


def api_figures(
    folder: Path, url: str, plan: LoadPlan, report: Callable[[str], None]
) -> Iterator[tuple[str, Any]]:
    """Names and values. `url` is of an empty database; without one it is SQLite in the folder."""
    url = url or f"sqlite:///{folder / 'bench.db'}"
    engine = database.connect(url)
    upgrade(url)
    for done, _ in fill(engine, plan.cameras, plan.days, TENANTS):
        report(f"{done} of {plan.cameras} cameras")
    report("incidents")
    join_stores(engine, plan.cameras)
    askers = _askers(engine, plan)
    yield "database", engine.dialect.name
    yield "tenants", TENANTS
    engine.dispose()
    environment = {"NIGHTCLERK_DATABASE_URL": url, "NIGHTCLERK_API_KEEP_SCORES_DAYS": "0"}
    with LocalStack(folder / "api", ("kafka", "store", "api"), environment=environment) as stack:
        _put_evidence(stack, [name for asker in askers for name in asker.alert_ids])
        report(f"{plan.clients} clients")
        before = os.getloadavg()[0]
        yield from measure(stack.api_url, plan, askers).items()
        yield "load_while_measuring", [round(before, 2), round(os.getloadavg()[0], 2)]


def _askers(engine: Engine, plan: LoadPlan) -> list[Asker]:
    """A key that views for each tenant that has a camera."""
    numbers = range(min(TENANTS, plan.cameras))
    return [_asker(engine, plan, number) for number in numbers]


def _asker(engine: Engine, plan: LoadPlan, number: int) -> Asker:
    cameras = [Camera(each) for each in range(number, plan.cameras, TENANTS)]
    tenant_id = UUID(cameras[0].store(TENANTS)["tenant_id"])
    rights: frozenset[Right] = frozenset({"view"})
    with engine.begin() as connection:
        tenants.add(connection, tenant_id, (f"Chain {number}", "Main store"), BEGIN)
        who = Principal(tenant_id=tenant_id)
        key = keys.add(connection, who, NewKey("bench", rights), BEGIN)
    return Asker(key, cameras, _some_alerts(engine, cameras[0]))


def _some_alerts(engine: Engine, camera: Camera) -> list[str]:
    query = select(alerts.c.alert_id).where(alerts.c.source_id == camera.source_id)
    with engine.connect() as connection:
        return list(connection.scalars(query.limit(WITH_EVIDENCE)))


def _put_evidence(stack: LocalStack, alert_ids: Sequence[str]) -> None:
    """A few bytes each: only links are asked for."""
    settings = ApiSettings(
        s3_endpoint=stack.s3_endpoint,
        s3_access_key=stack.s3_access_key,
        s3_secret_key=stack.s3_secret_key,
    )
    store = S3Objects.connect(settings)
    for name in alert_ids:
        for key in (evidence_key(UUID(name)), snapshot_key(UUID(name))):
            store.put(key, io.BytesIO(b"evidence"), "application/octet-stream")
