"""Whoever guesses waits; nobody is locked out for good."""

from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st
from sqlalchemy import Engine, select

from services.api.access.credentials import login_failures
from services.api.access.throttling import (
    LONGEST_S,
    Subject,
    attempt,
    forgive,
    is_forgotten,
    succeeded,
)
from services.api.problems import Problem
from services.chassis.storage import database
from services.chassis.storage.database import transaction

NOW = datetime(2026, 6, 1, tzinfo=UTC)
MAIL, ADDRESS = "owner@example.org", "203.0.113.7"


@pytest.fixture
def engine(empty_database: bytes, tmp_path: Path) -> Iterator[Engine]:
    path = tmp_path / "throttling.db"
    path.write_bytes(empty_database)
    engine = database.connect(f"sqlite:///{path}")
    yield engine
    engine.dispose()


def wait_s(engine: Engine, now: datetime, account: str = MAIL, address: str = ADDRESS) -> int:
    """How long one must wait; 0 when the attempt was made."""
    try:
        attempt(engine, account, address, now)
    except Problem as error:
        return int(error.headers["Retry-After"]) if error.status == 429 else -1
    return 0


def test_an_account_is_guessed_at_slower_and_slower(engine: Engine) -> None:
    now, waits = NOW, []
    for _ in range(18):
        while waited := wait_s(engine, now):
            waits.append(waited)
            now += timedelta(seconds=waited)
    assert waits[:6] == [3, 5, 9, 17, 33, 65]
    assert max(waits) <= LONGEST_S + 1


def test_attempts_at_once_all_count(engine: Engine) -> None:
    with ThreadPoolExecutor(8) as pool:
        found = list(pool.map(lambda _: wait_s(engine, NOW), range(20)))
    assert found.count(0) == 6


@pytest.mark.parametrize(
    ("addresses", "tries"),
    [
        ([f"203.0.113.{n}" for n in range(30)], 30),
        (["203.0.113.7"] * 30, 21),
        ([f"2001:db8::{n}" for n in range(30)], 21),
        ([f"2001:db8:0:{n}::1" for n in range(30)], 30),
        ([f"::ffff:203.0.113.{n}" for n in range(30)], 30),
    ],
)
def test_an_address_may_try_so_many_accounts(
    engine: Engine, addresses: list[str], tries: int
) -> None:
    made = [wait_s(engine, NOW, f"{n}@example.org", address) for n, address in enumerate(addresses)]
    assert made.count(0) == tries


def test_capitals_are_no_other_account(engine: Engine) -> None:
    for number in range(6):
        assert wait_s(engine, NOW, "Owner@Example.org ", f"203.0.113.{number}") == 0
    assert wait_s(engine, NOW, MAIL, "198.51.100.1") > 0


def test_a_success_is_forgotten_at_once(engine: Engine) -> None:
    for _ in range(60):
        assert wait_s(engine, NOW) == 0
        with transaction(engine) as connection:
            succeeded(connection, MAIL, ADDRESS)


def test_a_reset_by_mail_opens_the_account_for_its_owner(engine: Engine) -> None:
    for _ in range(7):
        wait_s(engine, NOW)
    assert wait_s(engine, NOW, address="198.51.100.1") > 0
    with transaction(engine) as connection:
        forgive(connection, MAIL)
    assert wait_s(engine, NOW, address="198.51.100.1") == 0


def test_failures_are_forgotten_after_a_day(engine: Engine) -> None:
    for _ in range(6):
        wait_s(engine, NOW)
    later = NOW + timedelta(days=1, seconds=1)
    assert [wait_s(engine, later) for _ in range(6)] == [0] * 6
    with engine.connect() as connection:
        forgotten = is_forgotten(later + timedelta(days=2))
        assert len(connection.execute(select(login_failures)).all()) == 2
        assert len(connection.execute(select(login_failures).where(forgotten)).all()) == 2


def test_a_clock_that_is_set_back_locks_nobody_out(engine: Engine) -> None:
    for _ in range(6):
        wait_s(engine, NOW)
    assert wait_s(engine, NOW - timedelta(days=30)) == 0


@given(count=st.integers(0, 10**6), free=st.integers(0, 100))
def test_waits_grow_and_are_bounded(count: int, free: int) -> None:
    subject = Subject("name", free)
    assert 0 <= subject.wait_s(count) <= subject.wait_s(count + 1) <= LONGEST_S
    assert (subject.wait_s(count) == 0) == (count <= free)
