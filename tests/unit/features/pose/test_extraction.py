"""The pose shell: one message a clip, and a retry or a crash changes nothing that was said."""

from collections.abc import Sequence
from datetime import timedelta
from functools import cache
from threading import Event

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from schemas.clips import ClipRecorded
from schemas.health import SourceHealth
from schemas.poses import PosesExtracted
from services.chassis.clock import ManualClock
from services.chassis.errors import InvalidMessage
from services.chassis.streaming.handler import Cancelled
from services.chassis.streaming.records import Incoming, Partition
from services.features.joiner import LIVE
from services.features.overload import Marks, Overload
from services.features.pose.base import PoseOptions
from services.features.pose.extraction import PoseExtraction
from services.features.pose.observer import Observer
from services.features.pose.pictures import Pictures
from tests.builders import ORIGIN, clip, incoming
from tests.unit.features.pose.planted import WhiteRectangles, walking

HOUR = timedelta(hours=1)
CLIPS = [walking(index) for index in range(6)]


@cache
def prepared(index: int) -> Pictures:
    return extraction().prepare(CLIPS[index])


def extraction(clock: ManualClock | None = None) -> PoseExtraction:
    observer = Observer(WhiteRectangles(), PoseOptions(frames=2, size=320))
    return PoseExtraction(observer, LIVE, clock)


def arrive(clips: Sequence[ClipRecorded]) -> list[Incoming]:
    return [incoming(one, one.index, prepared=shown(one)) for one in clips]


def shown(clip: ClipRecorded) -> Pictures:
    return prepared(clip.index) if clip in CLIPS else extraction().prepare(clip)


def handle(handler: PoseExtraction, clips: Sequence[ClipRecorded]) -> list[PosesExtracted]:
    out = [item.message for item in handler.handle(arrive(clips), Event())]
    return [message for message in out if isinstance(message, PosesExtracted)]


def test_every_clip_makes_one_message_in_order() -> None:
    assert [one.clip.index for one in handle(extraction(), CLIPS)] == list(range(6))


@settings(max_examples=25)
@given(st.lists(st.integers(1, 3), min_size=1, max_size=6), st.sets(st.integers(0, 5)))
def test_a_batch_handled_again_changes_nothing(sizes: list[int], twice: set[int]) -> None:
    steady, shaken = extraction(), extraction()
    expected, said, start = handle(steady, CLIPS), [], 0
    for number, size in enumerate(sizes):
        batch = CLIPS[start : start + size]
        if number in twice:
            handle(shaken, batch)
        said += handle(shaken, batch)
        shaken.settle()
        start += size
    assert said == expected[: len(said)]


def test_a_batch_taken_apart_changes_nothing() -> None:
    expected, handler = handle(extraction(), CLIPS), extraction()
    handle(handler, CLIPS)
    said = []
    for one in CLIPS:
        said += handle(handler, [one])
        handler.settle()
    assert said == expected


def test_a_cancelled_batch_is_taken_up_where_it_stopped() -> None:
    handler, cancelled = extraction(), Event()
    out = iter(handler.handle(arrive(CLIPS), cancelled))
    next(out)
    cancelled.set()
    with pytest.raises(Cancelled):
        next(out)
    assert handle(handler, CLIPS) == handle(extraction(), CLIPS)


def test_a_clip_that_came_before_is_passed_over() -> None:
    handler = extraction()
    batch = [item._replace(record=item.record._replace(offset=9)) for item in arrive(CLIPS[2:3])]
    assert len(handle(handler, CLIPS)) == 6
    handler.settle()
    assert list(handler.handle(batch, Event())) == []


def test_a_restart_follows_on_whoever_is_there_and_repeats_nothing() -> None:
    """The walk began within the clips that are read again, so even the ids are the same."""
    expected, first, second = handle(extraction(), CLIPS), extraction(), extraction()
    assert handle(first, CLIPS[:3]) == expected[:3]
    first.settle()
    assert first.held() == {Partition("topic", 0): 0}
    again = [item._replace(again=item.record.offset < 3) for item in arrive(CLIPS)]
    assert [item.message for item in second.handle(again, Event())] == expected[3:]


def test_no_more_is_read_again_than_tells_who_is_there() -> None:
    handler = extraction()
    handle(handler, CLIPS)
    handler.settle()
    assert handler.held() == {Partition("topic", 0): 3}
    handle(handler, [walking(6, is_last=True)])
    handler.settle()
    assert handler.held() == {}


def test_a_partition_that_went_away_is_forgotten() -> None:
    handler = extraction()
    handle(handler, CLIPS[:3])
    handler.settle()
    handler.forget([Partition("topic", 0)])
    assert handler.held() == {}
    assert handle(handler, CLIPS[3:]) == handle(extraction(), CLIPS[3:])


def test_a_source_that_fell_silent_is_forgotten() -> None:
    clock = ManualClock()
    handler = extraction(clock)
    handle(handler, CLIPS[:3])
    handler.settle()
    clock.wait(LIVE.silence_s, Event())
    assert list(handler.tick(clock.now())) == []
    handler.settle()
    assert handler.held() == {}
    assert handle(handler, CLIPS[3:]) == handle(extraction(), CLIPS[3:])


def test_frames_that_cannot_be_used_are_an_invalid_message() -> None:
    with pytest.raises(InvalidMessage):
        extraction().prepare(clip(0, frames=(b"not a picture",)))


def test_clips_that_lag_too_long_are_neither_decoded_nor_observed_and_that_is_reported() -> None:
    clock = ManualClock()
    observer = Observer(WhiteRectangles(), PoseOptions(frames=2, size=320))
    overload = Overload(16, Marks(start_s=0.0))
    handler = PoseExtraction(observer, LIVE, clock, overload)
    old, fresh = CLIPS[:4], [one.model_copy(update={"cut_at": ORIGIN + HOUR}) for one in CLIPS[4:]]
    clock.wait(HOUR.total_seconds(), Event())
    assert handler.prepare(old[0]) is None
    batch = [incoming(one, one.index, prepared=handler.prepare(one)) for one in (*old, *fresh)]
    found = [item.message for item in handler.handle(batch[:4], Event())]
    handler.settle()
    (report,) = [item.message for item in handler.tick(clock.now())]
    handler.settle()
    clock.wait(1.0, Event())
    found += [item.message for item in handler.handle(batch[4:], Event())]
    handler.settle()
    assert [one.clip.index for one in found if isinstance(one, PosesExtracted)] == [4, 5]
    assert isinstance(report, SourceHealth)
    assert (report.condition, report.count) == ("overloaded", 4)
