"""From clips to messages: who is in them, and how long somebody stays the same."""

import pytest

from schemas import ids
from schemas.clips import ClipRecorded
from schemas.poses import PosesExtracted
from services.features.pose.base import PoseOptions
from services.features.pose.observer import Observer
from tests.builders import source
from tests.unit.features.pose.planted import WhiteRectangles, filmed, walking

OPTIONS = PoseOptions(frames=8, size=320)


def observe(*clips: ClipRecorded, by: Observer | None = None) -> list[PosesExtracted]:
    observer = by or Observer(WhiteRectangles(), OPTIONS)
    return [observer.observe(clip, observer.pictures(clip)) for clip in clips]


def tracks(message: PosesExtracted) -> set[int | None]:
    return {person.track_id for frame in message.frames for person in frame.people}


def test_a_message_says_which_clip_was_looked_at_and_how() -> None:
    clip = walking(3, is_last=True)
    (message,) = observe(clip)
    assert message.poses_id == ids.poses_id(clip.clip_id, "yolov8_pose")
    assert (message.source_id, message.clip.index, message.is_last) == (clip.source_id, 3, True)
    assert (message.width, message.height) == (320, 192)
    assert [frame.at_s for frame in message.frames][:2] == pytest.approx([3.2, 3.2 + 2 / 15])


def test_people_stand_where_they_were_filmed() -> None:
    (message,) = observe(filmed(0, [[(64, 48, 128, 144)]] * 16))
    (person,) = message.frames[5].people
    assert person.box == pytest.approx((0.2, 0.25, 0.4, 0.75), abs=0.01)
    assert person.keypoints[0][:2] == pytest.approx((0.2, 0.25), abs=0.01)


def test_an_empty_room_is_a_fact_too() -> None:
    (message,) = observe(filmed(0, [[]] * 16))
    assert [frame.people for frame in message.frames] == [()] * 8


def test_a_person_stays_the_same_over_clips() -> None:
    messages = observe(*(walking(index) for index in range(6)))
    assert [tracks(message) for message in messages] == [{1}] * 6


def test_a_short_last_clip_is_looked_at_as_often() -> None:
    (message,) = observe(filmed(0, [[(64, 48, 128, 144)]] * 5, is_last=True))
    assert len(message.frames) == 3


def test_at_a_gap_everybody_is_somebody_new() -> None:
    before, after = observe(walking(0), walking(2))
    assert tracks(before).isdisjoint(tracks(after))


def test_a_source_that_begins_again_is_told_of_in_the_same_words() -> None:
    clips = [walking(0), walking(1)]
    observer = Observer(WhiteRectangles(), OPTIONS)
    assert observe(*clips, by=observer) == observe(*clips, by=observer)


def test_after_the_last_clip_nobody_is_remembered() -> None:
    observer = Observer(WhiteRectangles(), OPTIONS)
    observe(walking(0), walking(1, is_last=True), by=observer)
    (late,) = observe(walking(2), by=observer)
    assert tracks(late) == tracks(observe(walking(2))[0])


def test_sources_do_not_mix() -> None:
    mixed = observe(
        walking(0, source_id=source(1)),
        walking(0, start_x=200, source_id=source(2)),
        walking(1, source_id=source(1)),
        walking(1, start_x=200, source_id=source(2)),
    )
    assert [tracks(message) for message in mixed] == [{1}] * 4
    assert mixed[2] == observe(walking(0, source_id=source(1)), walking(1, source_id=source(1)))[1]


def test_a_restart_gives_nobody_an_id_that_another_had() -> None:
    whole = observe(*(walking(index) for index in range(4)))
    restarted = observe(walking(2), walking(3))
    assert tracks(restarted[0]).isdisjoint(tracks(whole[0]) | tracks(whole[1]))
    assert restarted == observe(walking(2), walking(3))
