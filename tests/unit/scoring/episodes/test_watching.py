"""Presence rules in the stream: poses become alerts, once each, and all of them end."""

from collections.abc import Sequence
from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import UUID

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from schemas import ids
from schemas.alerts import AlertClosed, AlertOpened
from schemas.base import Message
from schemas.clips import ClipRef
from schemas.hours import StoreHours, WeeklyHours
from schemas.policies import PRESENCE
from schemas.poses import Person, PoseFrame, PosesExtracted
from schemas.topics import POLICIES, SOURCES
from services.chassis.streaming.records import Partition, Record, Tombstone
from services.scoring.episodes.service import EpisodesStep
from services.scoring.episodes.silence import Bounds
from services.scoring.episodes.table import Kept
from tests.builders import ORIGIN, SOURCE, source
from tests.unit.scoring.episodes.builders import cut_at
from tests.unit.scoring.episodes.test_service import (
    HIGH,
    KEY,
    LOW,
    Stream,
    detectors,
    judgements,
    policy,
)

CLIP_S = 16 / 15
NIGHT = {"name": "night", "label": "Somebody", "longer_than_s": 3.0, "clear_s": 4.0}
SOMEBODY = Person(confidence=0.9, box=(0.1, 0.1, 0.2, 0.6), keypoints=((0.0, 0.0, 0.0),) * 17)
LYING = SOMEBODY.model_copy(update={"box": (0.1, 0.7, 0.6, 0.8)})


def poses(index: int, people: Sequence[Person] = (), **more: Any) -> PosesExtracted:
    """A clip in which two frames were looked at."""
    origin_at = more.get("origin_at", ORIGIN)
    start_s = index * CLIP_S
    content = {
        "source_id": SOURCE,
        "source_kind": "camera",
        "origin_at": origin_at,
        "cut_at": cut_at(index),
        "clip": ClipRef(index=index, start_s=start_s, end_s=start_s + CLIP_S),
        "backbone": "yolov8_pose",
        "width": 640,
        "height": 360,
        "frames": tuple(
            PoseFrame(at_s=start_s + k * CLIP_S / 2, people=tuple(people)) for k in range(2)
        ),
    }
    content |= more
    first = ids.clip_id(content["source_id"], origin_at, index)
    return PosesExtracted(poses_id=ids.poses_id(first, "yolov8_pose"), **content)


def clips(text: str, start: int = 0, **more: Any) -> list[PosesExtracted]:
    """A clip a letter: `#` with somebody, `_` with somebody who lies, `.` with nobody."""
    people = {"#": [SOMEBODY], "_": [LYING], ".": []}
    return [poses(start + n, people[letter], **more) for n, letter in enumerate(text)]


def alerts(messages: Sequence[Message]) -> list[str]:
    return [
        message.reason if isinstance(message, AlertClosed) else type(message).__name__
        for message in messages
        if isinstance(message, AlertOpened | AlertClosed)
    ]


def stream(**rule: Any) -> Stream:
    made = Stream()
    made.take(policy(presence=[NIGHT | rule]))
    return made


def test_somebody_who_stays_is_an_alert_that_ends() -> None:
    found = stream(severity="critical").take(*clips("..#####......"))
    opened, closed = found
    assert isinstance(opened, AlertOpened)
    assert isinstance(closed, AlertClosed)
    assert opened.alert_id == closed.alert_id
    assert opened.alert_id == ids.alert_id(
        "live", PRESENCE, "night", ids.clip_id(SOURCE, ORIGIN, 2)
    )
    assert (opened.kind, opened.rule, opened.model_id) == ("incident", "night", PRESENCE)
    assert (opened.peak_score, closed.peak_score) == (None, None)
    assert (opened.severity, opened.label) == ("critical", "Somebody")
    assert opened.start_s == pytest.approx(2 * CLIP_S)
    assert opened.peak_s == opened.end_s == pytest.approx(5 * CLIP_S)
    assert opened.peak_index == 5
    assert closed.end_s == pytest.approx(6.5 * CLIP_S)
    assert closed.reason == "subsided"


def test_poses_that_come_again_change_nothing() -> None:
    once, twice = stream(), stream()
    text = clips("..####......###.####.....")
    expected = once.take(*text)
    found = [one for n in range(len(text)) for one in twice.take(*text[max(0, n - 5) : n + 1])]
    assert found == expected
    assert twice.packed == once.packed


def test_without_presence_rules_poses_leave_no_state() -> None:
    made = Stream()
    assert made.take(*clips("#####")) == []
    assert made.packed is None
    made.take(policy(muted=["fight"]))
    before = made.packed
    assert made.take(*clips("#####")) == []
    assert made.packed == before


@pytest.mark.parametrize(
    ("rule", "text", "expected"),
    [
        ({"posture": "lying"}, "######", []),
        ({"posture": "lying"}, "##_____", ["AlertOpened"]),
        ({"zone": "till"}, "#####", ["AlertOpened"]),
        ({"zone": "door"}, "#####", []),
        ({"more_than": 1}, "#####", []),
        ({"joined": "fight"}, "#####", []),
    ],
)
def test_what_a_rule_waits_for(rule: dict[str, Any], text: str, expected: list[str]) -> None:
    till = {"name": "till", "polygon": [[0, 0.5], [0.5, 0.5], [0.5, 0.9], [0, 0.9]]}
    made = Stream()
    made.take(policy(presence=[NIGHT | rule], zones=[till]))
    assert alerts(made.take(*clips(text))) == expected


def test_a_joined_rule_waits_for_an_episode_of_the_other() -> None:
    made = stream(joined="fight")
    made.take(*judgements([LOW] * 4, source_kind="camera"))
    assert alerts(made.take(*clips("####"))) == []
    made.take(*judgements([HIGH] * 8, start=4, source_kind="camera"))
    assert alerts(made.take(*clips("########", start=4))) == ["AlertOpened"]


SHOP = StoreHours(
    time_zone="Asia/Seoul",
    open=WeeklyHours.model_validate(
        {day: [{"start": "08:00", "end": "22:00"}] for day in WeeklyHours.model_fields}
    ),
)
CLOSING = datetime(2026, 5, 1, 13, tzinfo=UTC)
"""Ten at night in Seoul."""


@pytest.mark.parametrize(
    ("begins", "more", "expected"),
    [
        (CLOSING, {}, ["AlertOpened"]),
        (CLOSING - timedelta(hours=1), {}, []),
        (CLOSING - timedelta(seconds=6 * CLIP_S), {}, ["AlertOpened"]),
        (CLOSING - timedelta(hours=1), {"is_wall_clock": False}, ["AlertOpened"]),
    ],
)
def test_within_its_hours_alone(
    begins: datetime, more: dict[str, Any], expected: list[str]
) -> None:
    made = Stream()
    made.take(policy(presence=[NIGHT | {"during": "closed"}], hours=SHOP.model_dump(mode="json")))
    found = made.take(*clips("#" * 12, origin_at=begins, **more))
    assert alerts(found) == expected
    if begins == CLOSING - timedelta(seconds=6 * CLIP_S):
        (opened,) = found
        assert isinstance(opened, AlertOpened)
        assert opened.moment(opened.start_s) == CLOSING


def test_an_open_alert_goes_on_under_the_rule_that_opened_it() -> None:
    made = stream()
    made.take(*clips("#####"))
    made.take(policy(presence=[NIGHT | {"label": "Other", "clear_s": 0.0}]))
    found = made.take(*clips("#.#.#.....", start=5))
    assert [(alerts([one]), getattr(one, "label", "")) for one in found] == [
        (["subsided"], "Somebody")
    ]


def test_a_rule_that_is_no_more_opens_nothing_and_leaves_nothing() -> None:
    made = stream()
    made.take(*clips("#####"))
    made.take(Tombstone(POLICIES, KEY))
    assert alerts(made.take(*clips("##......", start=5))) == ["subsided"]
    assert alerts(made.take(*clips("######", start=13))) == []
    assert made.state == Kept()


def test_another_life_ends_what_is_open() -> None:
    made = stream()
    made.take(*clips("#####"))
    later = ORIGIN + timedelta(hours=1)
    found = made.take(poses(0, [SOMEBODY], origin_at=later, cut_at=later))
    assert alerts(found) == ["new_life"]
    assert made.take(*clips("####", start=5)) == [], "that life was left"


def test_the_end_of_an_upload_ends_what_is_open() -> None:
    made = stream()
    found = made.take(*clips("#####", source_kind="upload"), poses(5, [SOMEBODY], is_last=True))
    assert alerts(found) == ["AlertOpened", "source_ended"]


def test_a_camera_that_dies_ends_its_alert() -> None:
    made = stream()
    made.take(*clips("#####"))
    assert alerts(made.wait(25)) == []
    assert alerts(made.wait(15)) == ["source_silent"]


def test_of_a_removed_source_nothing_is_kept() -> None:
    made = stream()
    made.take(*clips("#####"))
    made.take(Tombstone(SOURCES, KEY))
    assert made.packed is None


def test_what_comes_late_is_watched_by_itself() -> None:
    made = stream()
    made.take(*clips("....", start=40))
    found = made.take(*clips("..#####......", start=20, is_late=True))
    assert alerts(found) == ["AlertOpened", "subsided"]
    assert all(getattr(one, "is_late", False) for one in found)


@given(st.text("#_.", max_size=30), st.lists(st.integers(0, 30), max_size=3))
@settings(max_examples=40)
def test_an_alert_always_ends_whatever_comes(text: str, changes: list[int]) -> None:
    """Policies come and go meanwhile; then the camera dies."""
    made = stream(cooldown_s=0.0)
    found: list[Message] = []
    for number, one in enumerate(clips(text)):
        if number in changes:
            made.take(policy(presence=[NIGHT | {"posture": "lying"}] if number % 2 else []))
        found += made.take(one)
    found += made.wait(40)
    by_id: dict[UUID, list[str]] = {}
    for alert in found:
        assert isinstance(alert, AlertOpened | AlertClosed)
        by_id.setdefault(alert.alert_id, []).extend(alerts([alert]))
    for kinds in by_id.values():
        assert kinds[0] == "AlertOpened"
        assert len(kinds) == 2
        assert kinds[1] in ("subsided", "source_silent")


def test_five_hundred_cameras_at_once_each_get_their_alert_and_its_end() -> None:
    step, states = EpisodesStep(detectors(), Bounds()), dict[UUID, Kept | None]()
    opened, closed = set[UUID](), set[UUID]()
    for number in range(500):
        states[source(number)] = Kept().with_policy(policy(presence=[NIGHT]))
    for index, letter in enumerate("####......"):
        people = [SOMEBODY] if letter == "#" else []
        for source_id, state in states.items():
            record = Record(Partition("topic", 1), 0, str(source_id).encode(), b"")
            message = poses(index, people, source_id=source_id)
            states[source_id], outputs = step(state, record, message)
            for out in outputs:
                (opened if isinstance(out.message, AlertOpened) else closed).add(source_id)
    assert opened == closed == states.keys()
