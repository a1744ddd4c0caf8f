"""Rows of the audit log go when their time is over, and the chain is whole before and after."""

from datetime import datetime, timedelta
from uuid import UUID

import pytest

from schemas.ids import DEFAULT_TENANT
from services.api.audit import record
from services.api.auditing import pruning
from services.api.auditing.chain import Link
from services.api.auditing.pruning import AuditPruning
from services.api.auditing.reading import AuditFilter, audit_page, verification
from services.api.auditing.views import AuditVerification
from services.api.principal import Principal
from services.chassis.storage.database import transaction
from tests.unit.api.conftest import Api
from tests.unit.api.people import tenant

DAY_S = 24 * 3600
KEPT = timedelta(days=730)


def note(api: Api, tenant_id: UUID, at: datetime, count: int = 1) -> None:
    with transaction(api.engine) as connection:
        for _ in range(count):
            record(connection, Principal(tenant_id), "camera.added", "x", at=at)


def subjects(api: Api, tenant_id: UUID) -> list[str]:
    with api.engine.connect() as connection:
        page = audit_page(connection, str(tenant_id), AuditFilter(), 200, None)
    return [entry.action for entry in reversed(page.items)]


def verified(api: Api, tenant_id: UUID, noted: Link | None = None) -> AuditVerification:
    with api.engine.connect() as connection:
        return verification(connection, str(tenant_id), noted)


def test_old_rows_of_every_tenant_go_and_what_stays_is_whole(api: Api) -> None:
    other, now = tenant(api), api.clock.now()
    for tenant_id in (DEFAULT_TENANT, other):
        note(api, tenant_id, now - timedelta(days=800), count=3)
        note(api, tenant_id, now - timedelta(days=700), count=2)
    head = verified(api, other).head
    assert head is not None
    sequence, _, text = head.partition(":")
    duty = AuditPruning(api.engine, api.clock, KEPT)
    assert duty.turn() > 0
    for tenant_id in (DEFAULT_TENANT, other):
        assert subjects(api, tenant_id) == ["camera.added", "camera.added", "audit.pruned"]
        found = verified(api, tenant_id)
        assert (found.is_whole, found.first, found.last) == (True, 4, 6)
    assert verified(api, other, Link(int(sequence), text)).is_whole
    duty.turn()
    assert len(subjects(api, other)) == 3


def test_a_turn_takes_a_bounded_step_and_comes_again_at_once(
    api: Api, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(pruning, "AT_ONCE", 4)
    note(api, DEFAULT_TENANT, api.clock.now() - timedelta(days=800), count=9)
    note(api, DEFAULT_TENANT, api.clock.now())
    duty = AuditPruning(api.engine, api.clock, KEPT)
    turns = [duty.turn() for _ in range(3)]
    assert (turns[0], turns[1]) == (0.0, 0.0)
    assert turns[2] > 0
    found = verified(api, DEFAULT_TENANT)
    assert (found.is_whole, found.first) == (True, 10)


def test_the_latest_row_stays_however_old_and_nothing_goes_where_all_is_kept(api: Api) -> None:
    note(api, DEFAULT_TENANT, api.clock.now() - timedelta(days=5000), count=2)
    AuditPruning(api.engine, api.clock, None).turn()
    assert len(subjects(api, DEFAULT_TENANT)) == 2
    AuditPruning(api.engine, api.clock, KEPT).turn()
    assert subjects(api, DEFAULT_TENANT) == ["camera.added", "audit.pruned"]
    assert verified(api, DEFAULT_TENANT).is_whole


def test_a_chain_does_not_become_one_of_prunings(api: Api) -> None:
    """A turn each six hours, but rows go by whole days."""
    start = api.clock.now()
    for hour in range(240):
        note(api, DEFAULT_TENANT, start - KEPT + timedelta(hours=hour))
    duty = AuditPruning(api.engine, api.clock, KEPT)
    for _ in range(12):
        api.clock.step(DAY_S / 4)
        duty.turn()
    assert subjects(api, DEFAULT_TENANT).count("audit.pruned") <= 3
    assert verified(api, DEFAULT_TENANT).is_whole
