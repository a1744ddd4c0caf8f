"""Transactions that the database ends: a deadlock is tried again, anything else is told."""

from collections.abc import Iterator

import pytest
from sqlalchemy import Connection, Engine, text
from sqlalchemy.exc import OperationalError

from services.chassis.errors import TransientError
from services.chassis.storage import database
from services.chassis.storage.database import DEADLOCK, TRIES, Deadlocked, transacted

AWAY = 2006


@pytest.fixture
def engine() -> Iterator[Engine]:
    engine = database.connect("sqlite://")
    with engine.begin() as connection:
        connection.execute(text("create table seen (number integer)"))
    yield engine
    engine.dispose()


class Work:
    """Writes a row, and is ended by the server so many times."""

    def __init__(self, faults: int, code: int = DEADLOCK) -> None:
        self.left, self.code, self.runs = faults, code, 0

    def __call__(self, connection: Connection) -> str:
        self.runs += 1
        connection.execute(text("insert into seen values (1)"))
        if self.left:
            self.left -= 1
            raise OperationalError("update", {}, Exception(self.code, "ended"))
        return "done"


def rows(engine: Engine) -> int:
    with engine.connect() as connection:
        return len(connection.execute(text("select * from seen")).all())


def test_a_deadlock_is_done_again_and_counts_once(engine: Engine) -> None:
    assert transacted(engine, work := Work(TRIES - 1)) == "done"
    assert (work.runs, rows(engine)) == (TRIES, 1)


def test_after_so_many_it_is_told(engine: Engine) -> None:
    with pytest.raises(Deadlocked):
        transacted(engine, work := Work(TRIES))
    assert (work.runs, rows(engine)) == (TRIES, 0)


def test_another_fault_is_told_at_once(engine: Engine) -> None:
    with pytest.raises(TransientError) as told:
        transacted(engine, work := Work(1, AWAY))
    assert not isinstance(told.value, Deadlocked)
    assert (work.runs, rows(engine)) == (1, 0)
