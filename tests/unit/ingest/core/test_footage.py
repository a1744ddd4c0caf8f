"""Picture health and the motion gate on real footage: a part of what `trial` measures."""

from pathlib import Path

import pytest

from tests.unit.ingest.core.trial import (
    SHARED,
    eventful_videos,
    false_reports,
    normal_videos,
    published,
    reported,
)

pytestmark = [
    pytest.mark.footage,
    pytest.mark.skipif(not SHARED.is_dir(), reason="the development footage is not beside us"),
]
EVENTS = eventful_videos(SHARED)[::20] if SHARED.is_dir() else []
ROOM = SHARED / "falls/subject3/ADL/20.mp4"
RIGHT = {"black": "dark", "gamma .1": "dark", "covered, flat": "covered", "frozen": "frozen"}


@pytest.mark.parametrize("path", EVENTS, ids=lambda path: path.stem)
def test_nothing_of_an_event_is_withheld_and_nothing_of_a_still_scene_published(
    path: Path,
) -> None:
    clips, withheld, early = published(path)
    assert clips > 0
    assert (withheld, early) == (0, 0)


def test_nothing_is_reported_of_normal_footage() -> None:
    for path in normal_videos(SHARED)[1::30]:
        assert false_reports(path) == []


def test_faults_made_from_a_room_are_recognised_and_changes_of_light_are_none() -> None:
    for name, change in reported(ROOM):
        if "no fault" in name:
            assert change is None, name
        elif not name.startswith("defocus, 1"):
            assert change is not None, name
            word = next((known for known in ("moved", "covered", "defocus") if known in name), name)
            wanted = {"defocus": "blurred", "moved": "moved", "turned by 5 degrees": "moved"}
            assert change.condition == RIGHT.get(name) or wanted.get(word, word), name
            assert change.at_s - change.start_s <= 12.5
