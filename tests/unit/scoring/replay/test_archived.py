"""Replays of what the log holds no more: it comes from the archive."""

import pytest

from schemas.archive import parts_among
from schemas.topics import ALERTS
from services.chassis.storage.objects import MemoryObjects
from services.chassis.streaming.memory import MemoryBroker
from services.scoring.replay.checkpoint import Records
from tests.unit.scoring.replay.archives import merge, put_archive
from tests.unit.scoring.replay.jobs import (
    ARCHIVED,
    NOTHING_ON_THE_LOG,
    TENANT,
    DyingPublisher,
    Killed,
    begun,
    expected,
    from_archive,
    results,
    told,
)
from tests.unit.scoring.replay.outputs import scores


def test_what_the_log_holds_no_more_comes_from_the_archive(store: MemoryObjects) -> None:
    broker = MemoryBroker(NOTHING_ON_THE_LOG)
    done = from_archive(broker, store).run()
    assert results(broker)[0] == scores(expected())
    assert begun(broker.messages(ALERTS)) == begun(expected())
    [planned] = {one.windows_planned for one in told(broker) if one.state == "running"}
    assert planned > 0
    assert done.windows == len(ARCHIVED)


@pytest.mark.parametrize(("after", "is_merged"), [(5, False), (17, True), (40, False), (75, True)])
def test_killed_anywhere_it_goes_on_in_the_archive(
    store: MemoryObjects, after: int, is_merged: bool
) -> None:
    """Also where the parts that it was reading became another by then."""
    undisturbed, broker = MemoryBroker(NOTHING_ON_THE_LOG), MemoryBroker(NOTHING_ON_THE_LOG)
    whole = from_archive(undisturbed, store, run="again").run()
    records = Records(store, "again")
    records.remove()
    dying = DyingPublisher(broker.publisher("scoring"), after)
    with pytest.raises(Killed):
        from_archive(broker, store, dying).run()
    noted = records.checkpoint()
    if is_merged:
        merge(store, TENANT, ARCHIVED)
    done = from_archive(broker, store).run()
    assert results(broker) == results(undisturbed)
    assert (done.windows, done.clips, done.alerts) == (whole.windows, whole.clips, whole.alerts)
    begun_at = [one.windows for one in told(broker) if one.state == "running"]
    assert noted is None or noted.states["windows"] in begun_at


def test_what_the_archive_gets_later_is_no_part_of_it(store: MemoryObjects) -> None:
    undisturbed, broker = MemoryBroker(NOTHING_ON_THE_LOG), MemoryBroker(NOTHING_ON_THE_LOG)
    for part in parts_among(info.key for info in store.list("archive/")):
        if part.end > len(ARCHIVED) // 2:
            store.delete(part.key)
    from_archive(undisturbed, store).run()
    Records(store, "again").remove()
    with pytest.raises(Killed):
        from_archive(broker, store, DyingPublisher(broker.publisher("scoring"), 5)).run()
    put_archive(store, TENANT, ARCHIVED)
    from_archive(broker, store).run()
    assert results(broker) == results(undisturbed)


def test_no_faster_than_was_asked_for_out_of_the_archive_too(store: MemoryObjects) -> None:
    broker = MemoryBroker(NOTHING_ON_THE_LOG)
    from_archive(broker, store, windows_per_s=20.0).run()
    running = [one for one in told(broker) if one.state == "running"]
    assert all(one.windows <= 20 * one.elapsed_s + 1 for one in running)
    assert len(running) >= len(ARCHIVED) / 20 - 1
