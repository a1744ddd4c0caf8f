"""People on snapshots: those who were seen then, where they stood, and nobody else."""

import numpy as np
import pytest
import simplejpeg

from schemas import ids
from schemas.poses import Person, PoseFrame, PosesExtracted
from schemas.topics import POSES
from services.alerts.people import KEPT, MOST_SOURCES, SeenPeople
from services.alerts.picture import snapshot
from services.alerts.skeletons import BONE, BOX, with_people
from services.chassis.streaming.memory import MemoryBroker
from services.chassis.streaming.records import Outgoing
from tests.builders import SOURCE, clip_ref, of_source, source
from tests.unit.alerts.room import alert

LIMBS = tuple((0.3 + 0.02 * number, 0.4, 0.9) for number in range(17))
SOMEBODY = Person(confidence=0.9, box=(0.25, 0.2, 0.75, 0.8), keypoints=LIMBS)


def poses(index: int, *people: Person, source_id: object = SOURCE) -> PosesExtracted:
    ref = clip_ref(index)
    return PosesExtracted(
        **of_source(source_id),  # type: ignore[arg-type]
        poses_id=ids.poses_id(SOURCE, str(index)),
        clip=ref,
        backbone="test",
        width=320,
        height=180,
        frames=(PoseFrame(at_s=ref.start_s, people=people),),
    )


@pytest.fixture
def people() -> SeenPeople:
    return SeenPeople(MemoryBroker([POSES]))


def test_the_people_of_the_moment_are_found(people: SeenPeople) -> None:
    for index in range(10):
        people.hear(poses(index, *[SOMEBODY] * (index % 2)))
    assert people.at(SOURCE, clip_ref(5).start_s + 0.1) == (SOMEBODY,)
    assert people.at(SOURCE, clip_ref(4).start_s) == ()
    assert people.at(SOURCE, 500.0) == ()
    assert people.at(source(2), clip_ref(5).start_s) == ()


def test_they_are_heard_of_on_the_topic() -> None:
    broker = MemoryBroker([POSES])
    people = SeenPeople(broker)
    people.turn()
    broker.publisher("features").publish(Outgoing(POSES, poses(3, SOMEBODY)))
    people.turn()
    assert people.at(SOURCE, clip_ref(3).start_s) == (SOMEBODY,)


def test_memory_is_bounded(people: SeenPeople) -> None:
    for index in range(2 * KEPT):
        people.hear(poses(index, SOMEBODY))
    assert people.at(SOURCE, 0.0) == ()
    assert people.at(SOURCE, clip_ref(2 * KEPT - 1).start_s) == (SOMEBODY,)
    for number in range(MOST_SOURCES + 1):
        people.hear(poses(1, SOMEBODY, source_id=source(number)))
    assert people.at(source(0), clip_ref(1).start_s) == ()


def test_boxes_and_bones_lie_where_the_people_are() -> None:
    grey = np.full((180, 320, 3), 90, np.uint8)
    drawn = with_people(grey, [SOMEBODY])
    assert tuple(drawn[36, 160]) == BOX
    assert (drawn == BONE).all(axis=2).any()
    assert (drawn[:30] == 90).all()
    assert (grey == 90).all()


def test_a_box_without_an_inside_is_left_out() -> None:
    nobody = SOMEBODY.model_copy(update={"box": (0.9, 0.9, 0.1, 0.1)})
    unsure = nobody.model_copy(update={"keypoints": ((0.5, 0.5, 0.1),) * 17})
    grey = np.full((180, 320, 3), 90, np.uint8)
    assert (with_people(grey, [unsure]) == 90).all()


def test_a_snapshot_shows_them_in_original_resolution() -> None:
    grey = np.full((1080, 1920, 3), 90, np.uint8)
    plain = simplejpeg.decode_jpeg(snapshot(grey, alert()))
    drawn = simplejpeg.decode_jpeg(snapshot(grey, alert(), [SOMEBODY]))
    assert drawn.shape == (1080, 1920, 3)
    assert (drawn[:900].astype(int) - plain[:900]).max() > 60
