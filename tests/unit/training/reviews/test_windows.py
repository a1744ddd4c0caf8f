"""Windows of the archive beside marks."""

from datetime import timedelta

import pytest

from services.chassis.storage.objects import MemoryObjects
from services.scoring.archive.reading import Archive
from services.training.reviews.marks import Mark, Meaning
from services.training.reviews.windows import Windows, gather, is_held_out
from tests.unit.scoring.archive.builders import (
    DAY,
    HOP_S,
    NOON,
    TENANT,
    TILL,
    Line,
    camera,
    embedding,
    wanted,
)

CLIPS = 100
SECOND = timedelta(seconds=1)


@pytest.fixture(scope="module")
def archive() -> Archive:
    """A hundred clips of the till, from noon on."""
    line = Line(MemoryObjects())
    line.configure(camera(TILL))
    line.take(line.write(*(embedding(index) for index in range(CLIPS))))
    line.pass_s(7)
    line.close()
    return Archive(line.store)


def mark(first: int, last: int, meaning: Meaning) -> Mark:
    """Of the clips from one to another."""
    since, until = (NOON + index * HOP_S * SECOND for index in (first, last + 1))
    return Mark(meaning, TILL, since, until, meaning)


def gathered(archive: Archive, *marks: Mark, share: float = 1.0) -> Windows:
    found = gather(archive.embeddings(wanted(until=NOON + DAY)), marks, TENANT, share)
    assert found is not None
    return found


def test_windows_of_an_event_teach_it_and_those_beside_it_nothing(archive: Archive) -> None:
    found = gathered(archive, mark(50, 54, "event"))
    assert (found.events, int(found.is_event.sum())) == (("event",), 5)
    margin = 29  # clips that 30 seconds touch
    assert int((~found.is_event).sum()) == CLIPS - 5 - 2 * margin


def test_what_nobody_judged_is_not_quiet(archive: Archive) -> None:
    found = gathered(archive, mark(0, 40, "unclear"))
    assert (found.events, len(found)) == ((), CLIPS - 41 - 29)


def test_what_was_marked_normal_stays_however_few_are_drawn(archive: Archive) -> None:
    assert len(gathered(archive, mark(10, 19, "normal"), share=0.0)) == 10
    some = len(gathered(archive, share=0.5))
    assert 0 < some < CLIPS
    assert len(gathered(archive, share=0.5)) == some


def test_a_camera_day_is_on_one_side_for_ever(archive: Archive) -> None:
    found = gathered(archive, mark(50, 54, "event"))
    assert set(found.is_held_out.tolist()) == {is_held_out(TENANT, f"{TILL}/{NOON.date()}")}
    sides = [is_held_out(TENANT, f"till/{day}") for day in range(1000)]
    assert 200 < sum(sides) < 300
