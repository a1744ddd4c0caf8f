"""The journal of what is at work survives its process."""

import pytest

from schemas.topics import JUDGEMENTS
from services.chassis.streaming.journal import FileJournal, MemoryJournal
from services.chassis.streaming.memory import MemoryBroker
from tests.unit.chassis.counting import put_judgements


def test_the_journal_survives_in_its_file(tmp_path_factory: pytest.TempPathFactory) -> None:
    path = tmp_path_factory.mktemp("journal") / "at"
    broker = MemoryBroker([JUDGEMENTS])
    put_judgements(broker, 2, sources=1)
    first, second = broker.records(JUDGEMENTS)
    FileJournal(path).note(first, "ZeroDivisionError: x")
    again = FileJournal(path)
    assert again.is_second(first, "ZeroDivisionError: x")
    assert not again.is_second(first, "another")
    assert not again.is_second(second, "ZeroDivisionError: x")


def test_a_broken_journal_is_an_empty_one(tmp_path_factory: pytest.TempPathFactory) -> None:
    path = tmp_path_factory.mktemp("journal") / "at"
    path.write_text("{")
    assert FileJournal(path).content == MemoryJournal().content
