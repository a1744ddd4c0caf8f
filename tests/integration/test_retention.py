"""Retention and legal hold on real databases and a real object store."""

from collections.abc import Iterator
from datetime import timedelta
from io import BytesIO
from threading import Event
from typing import Any
from uuid import UUID

import pytest
from pydantic import SecretStr
from sqlalchemy import Engine, select

from schemas.alerts import AlertClosed
from schemas.ids import DEFAULT_TENANT, evidence_key, segment_id, segment_key
from services.api import holds
from services.api.access.tenants import ensure_default
from services.api.config import Keeping
from services.api.keeping import storing
from services.api.keeping.measuring import EvidenceMeasuring
from services.api.keeping.rules import RetentionRules
from services.api.principal import Principal
from services.api.projector import Projector
from services.api.removal import Removal
from services.api.retention import Retention
from services.api.tables import alerts, score_blocks, segments
from services.api.tables import holds as table
from services.chassis.clock import ManualClock
from services.chassis.settings import ServiceSettings
from services.chassis.storage import database
from services.chassis.storage.database import transaction
from services.chassis.storage.migrations import upgrade
from services.chassis.storage.s3 import S3Objects
from services.chassis.streaming.publisher import MemoryPublisher, Publishing
from tests.servers import S3Server
from tests.unit.api.builders import CAMERA, START, alert, at, configured, incoming, scored, segment

pytestmark = pytest.mark.integration
DAY, HOLD = timedelta(days=1), UUID(int=7)
KEPT = Keeping(90 * DAY, 90 * DAY, 730 * DAY, 90 * DAY, 30 * DAY)
HELD, OTHER = (
    alert(AlertClosed, opening=opening, source_id=CAMERA, source_kind="camera", reason="subsided")
    for opening in (70, 250)
)
BEGINS = range(0, 300, 50)


class Chain:
    """A camera with five minutes of recordings, two alerts and scores."""

    def __init__(self, engine: Engine, store: S3Objects) -> None:
        self.engine, self.store, self.clock = engine, store, ManualClock(START)
        removal = Removal(engine, store, Publishing(MemoryPublisher()), lambda _: None)
        self.duty = Retention(engine, removal, self.clock, KEPT)
        ensure_default(engine, START)
        self._project(configured(tenant_id=DEFAULT_TENANT), HELD, OTHER)
        self._project(*(scored(n, 0.5, source_id=CAMERA) for n in range(300)))
        for about in (HELD, OTHER):
            self._put(evidence_key(about.alert_id), 1000)
        for start_s in BEGINS:
            self._put(segment_key(CAMERA, at(start_s)), 1000)
            self._project(
                segment(
                    start_s,
                    50,
                    segment_id=segment_id(CAMERA, at(start_s)),
                    ended_at=at(start_s + 50),
                    object_key=segment_key(CAMERA, at(start_s)),
                )
            )

    def set_rules(self, **rules: Any) -> None:
        place = ("tenant", DEFAULT_TENANT, DEFAULT_TENANT)
        with transaction(self.engine) as connection:
            wanted = RetentionRules.model_validate(rules)
            storing.enter(connection, Principal(), place, wanted, self.clock.now())

    def hold(self, since_s: float, until_s: float) -> None:
        row = {
            "hold_id": str(HOLD),
            "source_id": str(CAMERA),
            "is_of_alert": False,
            "since_at": at(since_s),
            "until_at": at(until_s),
            "reason": "case 4711",
            "held_by": "machine",
            "held_at": START,
        }
        with transaction(self.engine) as connection:
            connection.execute(table.insert().values(row))

    def carry_out(self, after: timedelta) -> None:
        self.clock.step((START + after - self.clock.now()).total_seconds())
        EvidenceMeasuring(self.engine, self.store, self.clock).turn()
        while self.duty.turn() == 0.0:
            pass

    def keys(self) -> set[str]:
        return {info.key for info in self.store.list("")}

    def rows(self, of: Any) -> int:
        with self.engine.connect() as connection:
            return len(connection.execute(select(of)).all())

    def _project(self, *messages: Any) -> None:
        Projector(self.engine, self.clock).handle(incoming(*messages), Event())

    def _put(self, key: str, size_bytes: int) -> None:
        self.store.put(key, BytesIO(b"x" * size_bytes), "video/mp4")


@pytest.fixture
def chain(database_url: str, weed: S3Server, unique: str) -> Iterator[Chain]:
    upgrade(database_url)
    engine = database.connect(database_url)
    settings = ServiceSettings(
        s3_endpoint=weed.endpoint,
        s3_access_key=weed.access_key,
        s3_secret_key=SecretStr(weed.secret_key),
        s3_bucket=unique,
    )
    yield Chain(engine, S3Objects.connect(settings))
    engine.dispose()


def test_what_should_go_is_gone_and_what_is_held_stays(chain: Chain) -> None:
    """By the machine's age, a tenant's age, a tenant's size; held all the while; let go of."""
    held = {segment_key(CAMERA, at(start_s)) for start_s in (50, 100)}
    held.add(evidence_key(HELD.alert_id))
    chain.hold(60, 120)
    chain.set_rules(recordings={"days": 5}, evidence={"days": 20})
    chain.carry_out(10 * DAY)
    assert chain.keys() == held | {evidence_key(OTHER.alert_id)}
    chain.set_rules(recordings={"gb": 1e-9}, evidence={"gb": 1.2e-6})
    chain.carry_out(11 * DAY)
    assert chain.keys() == held
    chain.set_rules()
    chain.carry_out(1000 * DAY)
    assert chain.keys() == held
    assert (chain.rows(alerts), chain.rows(segments)) == (1, 2)
    assert chain.rows(score_blocks) > 0
    with transaction(chain.engine) as connection:
        holds.release(connection, HOLD)
    chain.carry_out(1001 * DAY)
    assert chain.keys() == set()
    assert [chain.rows(of) for of in (alerts, segments, score_blocks)] == [0, 0, 0]
