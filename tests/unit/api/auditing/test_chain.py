"""The chain of the audit log: whatever is tampered with is found."""

from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from pathlib import Path
from threading import Barrier, Thread
from typing import Any
from uuid import UUID

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from sqlalchemy import Engine, delete, insert, select, update

from schemas.ids import DEFAULT_TENANT
from services.api.audit import audit_heads, audit_log, prune, record
from services.api.auditing.chain import Entry, Link, digest
from services.api.auditing.reading import verification
from services.api.auditing.views import AuditVerification
from services.api.principal import Actor, Principal
from services.chassis.storage import database
from services.chassis.storage.database import transaction

START = datetime(2026, 6, 1, tzinfo=UTC)
OWNER = Principal(
    tenant_id=DEFAULT_TENANT, actor=Actor("user", UUID(int=7), "주인@example.org", "203.0.113.7")
)
OTHER = Principal(tenant_id=UUID(int=9))
CHAIN = str(DEFAULT_TENANT)


@pytest.fixture
def engine(empty_database: bytes, tmp_path: Path) -> Any:
    path = tmp_path / "audit.db"
    path.write_bytes(empty_database)
    engine = database.connect(f"sqlite:///{path}")
    yield engine
    engine.dispose()


def written(engine: Engine, count: int, principal: Principal = OWNER) -> None:
    for number in range(count):
        with transaction(engine) as connection:
            at = START + timedelta(minutes=number)
            record(connection, principal, "camera.changed", f"c{number}", {"n": number}, at=at)


def checked(engine: Engine, noted: Link | None = None, chain: str = CHAIN) -> AuditVerification:
    with engine.connect() as connection:
        return verification(connection, chain, noted)


def test_an_empty_chain_is_whole(engine: Engine) -> None:
    assert checked(engine).is_whole


def test_rows_of_each_tenant_follow_one_another(engine: Engine) -> None:
    written(engine, 3)
    written(engine, 2, OTHER)
    assert (checked(engine).is_whole, checked(engine).last) == (True, 3)
    assert checked(engine, chain=str(OTHER.home)).last == 2


def test_what_is_rolled_back_leaves_no_gap(engine: Engine) -> None:
    written(engine, 1)
    with engine.connect() as connection:
        record(connection, OWNER, "camera.added", "x")
        connection.rollback()
    written(engine, 1)
    assert (checked(engine).is_whole, checked(engine).last) == (True, 2)


def test_writers_beside_one_another_make_one_chain(engine: Engine) -> None:
    barrier = Barrier(4)

    def write() -> None:
        barrier.wait(30)
        written(engine, 10)

    threads = [Thread(target=write) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert (checked(engine).is_whole, checked(engine).last) == (True, 40)


def changed(engine: Engine, sequence: int, values: dict[str, Any]) -> None:
    with transaction(engine) as connection:
        one = audit_log.c.sequence == sequence
        connection.execute(update(audit_log).where(one).values(values))


def removed(engine: Engine, sequence: int, _: Any = None) -> None:
    with transaction(engine) as connection:
        connection.execute(delete(audit_log).where(audit_log.c.sequence == sequence))


def swapped(engine: Engine, sequence: int, _: Any = None) -> None:
    """With the row after it, numbers and all."""
    changed(engine, sequence, {"sequence": 1000})
    changed(engine, sequence + 1, {"sequence": sequence})
    changed(engine, 1000, {"sequence": sequence + 1})


def rehashed(engine: Engine, sequence: int, _: Any = None) -> None:
    """Changed, and its own hash made anew."""
    changed(engine, sequence, {"subject": "forged"})
    with transaction(engine) as connection:
        rows = connection.execute(select(audit_log).order_by(audit_log.c.sequence)).mappings().all()
        before = rows[sequence - 2]["hash"] if sequence > 1 else "0" * 64
        entry = Entry(**{name: rows[sequence - 1][name] for name in Entry.__dataclass_fields__})
        one = audit_log.c.sequence == sequence
        connection.execute(update(audit_log).where(one).values(hash=digest(before, entry)))


def doubled(engine: Engine, sequence: int, _: Any = None) -> None:
    """Put a copy behind the end."""
    with transaction(engine) as connection:
        one = audit_log.c.sequence == sequence
        row = dict(connection.execute(select(audit_log).where(one)).mappings().one())
        connection.execute(insert(audit_log).values(row | {"sequence": 9}))


COLUMNS: dict[str, Any] = {
    "happened_at": START - timedelta(days=1),
    "actor_kind": "key",
    "actor_id": None,
    "actor_name": "someone@example.org",
    "address": "198.51.100.1",
    "action": "camera.added",
    "subject": "other",
    "detail": "{}",
    "hash": "f" * 64,
}
TAMPERING: list[Callable[..., None]] = [removed, swapped, rehashed, doubled, changed]


@settings(
    max_examples=40, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture]
)
@given(
    tampering=st.sampled_from(TAMPERING),
    sequence=st.integers(1, 7),
    column=st.sampled_from(sorted(COLUMNS)),
)
def test_whatever_is_tampered_with_is_found(
    empty_database: bytes,
    tmp_path: Path,
    tampering: Callable[..., None],
    sequence: int,
    column: str,
) -> None:
    path = tmp_path / "tampered.db"
    for each in (path, path.with_name("tampered.db-wal"), path.with_name("tampered.db-shm")):
        each.unlink(missing_ok=True)
    path.write_bytes(empty_database)
    engine = database.connect(f"sqlite:///{path}")
    written(engine, 8)
    assert checked(engine).is_whole
    tampering(engine, sequence, {column: COLUMNS[column]})
    found = checked(engine)
    engine.dispose()
    assert not found.is_whole
    assert found.last <= 8
    assert found.fault.endswith(".")


def test_rows_that_are_cut_off_at_the_end_are_missed(engine: Engine) -> None:
    written(engine, 5)
    removed(engine, 5)
    removed(engine, 4)
    assert checked(engine).fault == "Rows 4 to 5 are missing at the end."


def test_a_forged_head_is_found_by_a_head_that_was_noted(engine: Engine) -> None:
    written(engine, 5)
    head = checked(engine).head
    assert head is not None
    noted = Link(5, head.partition(":")[2])
    with transaction(engine) as connection:
        connection.execute(delete(audit_log).where(audit_log.c.sequence == 5))
        row = connection.execute(select(audit_log).where(audit_log.c.sequence == 4)).one()
        connection.execute(update(audit_heads).values(sequence=4, hash=row.hash))
    assert checked(engine).is_whole
    assert checked(engine, noted).fault == "Row 5, which was noted, is missing."
    written(engine, 1)
    assert checked(engine, noted).fault == "Row 5 is not the one that was noted."


def test_rows_run_out_of_their_time_from_the_beginning_on(engine: Engine) -> None:
    written(engine, 5)
    with transaction(engine) as connection:
        assert prune(connection, OWNER, START + timedelta(minutes=3)) == 3
    found = checked(engine)
    assert (found.is_whole, found.first, found.last) == (True, 4, 6)
    with transaction(engine) as connection:
        assert prune(connection, OWNER, START) == 0
        assert prune(connection, OWNER, datetime.now(UTC) + timedelta(days=1)) == 2
    assert checked(engine).is_whole
    removed(engine, 6)
    assert not checked(engine).is_whole
