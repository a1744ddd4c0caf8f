"""A lease has one holder at a time, and outlives none of them for long."""

from collections.abc import Callable
from pathlib import Path
from threading import Event

import pytest
from sqlalchemy import create_engine

from services.chassis.clock import ManualClock
from services.chassis.errors import TransientError
from services.chassis.storage import database
from services.chassis.storage.leases import SqlLease, metadata

NEVER = Event()


@pytest.fixture
def clock() -> ManualClock:
    return ManualClock()


@pytest.fixture
def lease_of(tmp_path: Path, clock: ManualClock) -> Callable[[str], SqlLease]:
    engine = database.connect(f"sqlite:///{tmp_path / 'leases.db'}")
    metadata.create_all(engine)
    return lambda holder: SqlLease(engine, "retention", holder, clock, duration_s=60)


def test_the_first_one_has_it_and_may_renew_it(lease_of: Callable[[str], SqlLease]) -> None:
    ours, theirs = lease_of("a"), lease_of("b")
    assert [ours.acquire(), theirs.acquire(), ours.acquire()] == [True, False, True]


def test_a_dead_holder_is_followed_once_its_lease_ran_out(
    lease_of: Callable[[str], SqlLease], clock: ManualClock
) -> None:
    dead, heir = lease_of("a"), lease_of("b")
    dead.acquire()
    clock.wait(59, NEVER)
    assert not heir.acquire()
    clock.wait(1, NEVER)
    assert heir.acquire()
    assert not dead.acquire()


def test_what_is_released_can_be_taken_at_once(lease_of: Callable[[str], SqlLease]) -> None:
    ours, theirs = lease_of("a"), lease_of("b")
    ours.acquire()
    theirs.release()
    assert not theirs.acquire()
    ours.release()
    assert theirs.acquire()


def test_a_database_that_does_not_answer_is_a_transient_error(tmp_path: Path) -> None:
    engine = create_engine(f"sqlite:///{tmp_path / 'absent' / 'x.db'}")
    with pytest.raises(TransientError, match="does not answer"):
        SqlLease(engine, "retention", "a", ManualClock()).acquire()
