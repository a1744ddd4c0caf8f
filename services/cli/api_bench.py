"""`nightclerk bench --api`: a stack of its own whose API many clients ask at once."""

import io
import os
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path
from typing import Any
from uuid import UUID

from sqlalchemy import Engine, select

from schemas.ids import evidence_key, snapshot_key
from services.api.bench.cameras import Camera, fill, join_stores
from services.api.bench.load import LoadPlan, measure
from services.api.config import ApiSettings
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
    alert_ids = _some_alerts(engine)
    yield "database", engine.dialect.name
    yield "tenants", TENANTS
    engine.dispose()
    environment = {"NIGHTCLERK_DATABASE_URL": url, "NIGHTCLERK_API_KEEP_SCORES_DAYS": "0"}
    with LocalStack(folder / "api", ("kafka", "store", "api"), environment=environment) as stack:
        _put_evidence(stack, alert_ids)
        report(f"{plan.clients} clients")
        before = os.getloadavg()[0]
        yield from measure(stack.api_url, stack.api_token, plan, alert_ids).items()
        yield "load_while_measuring", [round(before, 2), round(os.getloadavg()[0], 2)]


def _some_alerts(engine: Engine) -> list[str]:
    query = select(alerts.c.alert_id).where(alerts.c.source_id == Camera(0).source_id)
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
