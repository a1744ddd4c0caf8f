"""What is motion: people, however slow or far away, and light; and what is not: noise."""

import numpy as np

from services.ingest.core.masks import covered
from services.ingest.core.motion import SLOW_S, Motion
from services.ingest.core.thumbnails import region_of_blocks
from tests.unit.ingest.core.scenes import HEIGHT, WIDTH, Grey, noisy, person, room, thumb

ROOM = room()
STEP_S = 0.2


class Watched:
    """A camera in front of which time passes; `moves` says when it saw motion."""

    def __init__(self, motion: Motion | None = None) -> None:
        self.motion = Motion() if motion is None else motion
        self.now_s = 0.0

    def sees(self, *pictures: Grey, sigma: float = 2.0) -> list[bool]:
        moves = []
        for picture in pictures:
            shown = noisy(picture, round(self.now_s * 100), sigma)
            moves.append(self.motion.show(thumb(shown), self.now_s))
            self.now_s += STEP_S
        return moves


def test_the_first_picture_is_motion_and_a_still_room_is_not() -> None:
    moves = Watched().sees(*[ROOM] * 100)
    assert moves[0]
    assert not any(moves[1:])


def test_the_noise_of_a_night_is_no_motion() -> None:
    dark = (ROOM // 4).astype(np.uint8)
    assert not any(Watched().sees(*[dark] * 100, sigma=12.0)[5:])


def test_who_comes_in_is_seen_with_the_first_picture() -> None:
    camera = Watched()
    camera.sees(*[ROOM] * 50)
    assert camera.sees(person(ROOM, 0)) == [True]


def test_somebody_small_at_the_far_end_is_seen() -> None:
    camera = Watched()
    camera.sees(*[ROOM] * 50)
    assert camera.sees(person(ROOM, 100, height=26)) == [True]


def test_who_creeps_through_at_a_pixel_a_second_is_seen_all_the_time() -> None:
    camera = Watched()
    camera.sees(*[ROOM] * 50)
    way = [person(ROOM, 100 + round(k * STEP_S), height=90) for k in range(300)]
    moves = camera.sees(*way)
    assert sum(moves[:30]) == 30
    longest = max(len(still) for still in "".join("_."[moved] for moved in moves).split("."))
    assert longest * STEP_S < 8.0


def test_who_stands_still_for_long_becomes_background_and_is_seen_when_he_moves() -> None:
    camera = Watched()
    camera.sees(*[ROOM] * 50)
    stands = person(ROOM, 100)
    moves = camera.sees(*[stands] * round(5 * SLOW_S / STEP_S))
    assert moves[0]
    assert not moves[-1]
    assert camera.sees(person(ROOM, 110)) == [True]


def test_a_light_switch_is_motion_until_the_background_has_followed() -> None:
    camera = Watched()
    camera.sees(*[ROOM] * 50)
    moves = camera.sees(*[(ROOM // 2).astype(np.uint8)] * round(6 * SLOW_S / STEP_S))
    assert moves[0]
    assert not moves[-1]


def test_dawn_is_no_motion() -> None:
    camera = Watched()
    camera.sees(*[ROOM] * 50)
    dawn = [(ROOM * (1 - k / 6000)).astype(np.uint8) for k in range(600)]
    assert not any(camera.sees(*dawn))


def test_only_what_moves_in_a_zone_counts() -> None:
    left = [((0.0, 0.0), (0.5, 0.0), (0.5, 1.0), (0.0, 1.0))]
    zone = region_of_blocks(covered(left, WIDTH, HEIGHT))
    camera = Watched(Motion(zone))
    camera.sees(*[ROOM] * 50)
    assert camera.sees(person(ROOM, 260)) == [False]
    assert camera.sees(person(ROOM, 60)) == [True]


def test_pictures_that_are_not_due_need_no_thumbnail() -> None:
    motion = Motion()
    assert motion.show(thumb(ROOM), 0.0)
    assert not motion.is_due(0.1)
    assert motion.show(None, 0.1)
    assert motion.is_due(0.13)


def test_another_size_begins_anew() -> None:
    camera = Watched()
    camera.sees(*[ROOM] * 20)
    assert camera.sees(room(1, 240, 426)) == [True]
