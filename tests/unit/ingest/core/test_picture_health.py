"""What is reported of a picture that stays useful, becomes useless, and becomes useful again."""

from collections.abc import Callable

import numpy as np
import pytest

from services.ingest.core.picture_health import (
    ADOPTED_S,
    BEGINS_S,
    EVERY_S,
    FROZEN_S,
    OVER_S,
    Change,
    PictureCondition,
    PictureHealth,
)
from services.ingest.core.thumbnails import luma
from services.ingest.core.views import Views
from tests.unit.ingest.core.scenes import HEIGHT, WIDTH, Grey, blurred, noisy, person, room, thumb

ROOM = room()
USUAL_S = 40.0

Fault = Callable[[Grey], Grey]

FAULTS: list[tuple[PictureCondition, str, Fault]] = [
    ("dark", "nothing comes through", lambda picture: np.full_like(picture, 16)),
    ("dark", "gamma .1", lambda picture: (255 * (picture / 255) ** 10).astype(np.uint8)),
    ("covered", "by a sheet of paper", lambda picture: np.full_like(picture, 190)),
    ("covered", "by a hand", lambda picture: blurred(picture, 60) // 3 + 10),
    ("blurred", "out of focus", lambda picture: blurred(picture, 4)),
    ("blurred", "out of focus in half the light", lambda picture: blurred(picture, 4) // 2),
    ("moved", "by a tenth of the width", lambda picture: np.roll(picture, WIDTH // 10, 1)),
    ("moved", "by three tenths", lambda picture: np.roll(picture, 3 * WIDTH // 10, 1)),
    ("moved", "to another room", lambda _: room(7)),
]
HARMLESS: list[tuple[str, Fault]] = [
    ("half the light", lambda picture: picture // 2),
    ("more light", lambda picture: (255 * (picture / 255) ** 0.6).astype(np.uint8)),
    ("somebody stands in front", lambda picture: person(picture, 150, 200)),
    ("noise of the night", lambda picture: noisy(picture, 9, 12.0)),
]


class Watched:
    """A camera in front of which time passes."""

    def __init__(self, views: Views | None = None) -> None:
        self.health = PictureHealth(views)
        self.now_s = 0.0

    def sees(
        self, picture: Grey, seconds: float, sigma: float = 2.0, every_s: float = EVERY_S
    ) -> list[Change]:
        changes: list[Change] = []
        for _ in range(round(seconds / every_s)):
            seed = round(self.now_s * 10)
            shown = noisy(picture, seed, sigma) if sigma else picture
            changes += self.health.show(thumb(shown), self.now_s)
            self.now_s += every_s
        return changes


@pytest.fixture
def camera() -> Watched:
    watched = Watched()
    assert watched.sees(ROOM, USUAL_S) == []
    return watched


@pytest.mark.parametrize(
    ("condition", "fault"),
    [(condition, fault) for condition, _, fault in FAULTS],
    ids=[f"{condition}: {name}" for condition, name, _ in FAULTS],
)
def test_a_fault_is_reported_within_15_s_and_over_soon_after(
    camera: Watched, condition: PictureCondition, fault: Fault
) -> None:
    begun = camera.sees(fault(ROOM), 15.0)
    assert [(change.condition, change.is_over) for change in begun] == [(condition, False)]
    assert begun[0].start_s == USUAL_S
    assert begun[0].detail
    assert begun[0].at_s <= USUAL_S + BEGINS_S + EVERY_S
    over = camera.sees(ROOM, 10.0)
    assert [(change.condition, change.is_over) for change in over] == [(condition, True)]
    assert over[0].start_s == begun[0].start_s
    assert over[0].at_s <= USUAL_S + 15.0 + OVER_S + EVERY_S


@pytest.mark.parametrize(
    "change", [change for _, change in HARMLESS], ids=[name for name, _ in HARMLESS]
)
def test_what_happens_in_any_store_is_no_fault(camera: Watched, change: Fault) -> None:
    assert camera.sees(change(ROOM), 30.0) == []


def test_a_picture_that_stays_the_same_to_the_last_bit_is_frozen(camera: Watched) -> None:
    begun = camera.sees(ROOM, 15.0, sigma=0)
    assert [change.condition for change in begun] == ["frozen"]
    assert begun[0].at_s - begun[0].start_s <= FROZEN_S + EVERY_S
    assert [change.is_over for change in camera.sees(ROOM, 10.0)] == [True]


def test_a_still_store_with_the_noise_of_its_sensor_is_not_frozen(camera: Watched) -> None:
    assert camera.sees(ROOM, 60.0, sigma=1.0) == []


def test_a_still_picture_with_a_running_clock_is_not_called_frozen(camera: Watched) -> None:
    changes: list[Change] = []
    for second in range(30):
        picture = ROOM.copy()
        picture[4:16, 4 + 8 * (second % 10) : 10 + 8 * (second % 10)] = 255
        changes += camera.sees(picture, 1.0, sigma=0)
    assert changes == []


def test_somebody_before_the_lens_for_a_moment_is_no_fault(camera: Watched) -> None:
    assert camera.sees(np.full_like(ROOM, 60), BEGINS_S - 1) == []
    assert camera.sees(ROOM, 20.0) == []


def test_a_fault_that_flickers_stays_a_single_fault(camera: Watched) -> None:
    changes = camera.sees(np.full_like(ROOM, 16), 12.0)
    for _ in range(5):
        changes += camera.sees(ROOM, OVER_S - 1) + camera.sees(np.full_like(ROOM, 16), 2.0)
    assert len(changes) == 1


def test_an_outage_is_no_time_in_which_something_was_seen(camera: Watched) -> None:
    assert camera.sees(np.full_like(ROOM, 16), BEGINS_S - 2) == []
    camera.now_s += 60.0
    assert camera.sees(np.full_like(ROOM, 16), 2.0) == []


def test_a_view_that_stays_is_what_the_camera_sees_from_now_on(camera: Watched) -> None:
    other = room(7)
    changes = camera.sees(other, ADOPTED_S + 30.0, every_s=2.5)
    assert [(change.condition, change.is_over) for change in changes] == [
        ("moved", False),
        ("moved", True),
    ]
    assert camera.sees(ROOM, 20.0) == [], "and the view before is still known"


def test_a_new_grid_ends_what_is_on_and_the_views_go_on(camera: Watched) -> None:
    camera.sees(np.full_like(ROOM, 16), 12.0)
    assert [change.is_over for change in camera.health.end(camera.now_s)] == [True]
    heir = Watched(camera.health.views)
    assert [change.condition for change in heir.sees(room(7), 12.0)] == ["moved"]


def test_a_camera_that_changes_its_size_is_learned_anew(camera: Watched) -> None:
    small = room(1, 240, 426)
    assert camera.sees(small, 60.0) == []


def test_pictures_that_are_not_due_are_passed_over() -> None:
    health = PictureHealth()
    health.show(thumb(ROOM), 0.0)
    assert not health.is_due(0.4)
    assert health.is_due(0.5)


def test_a_plane_with_padding_is_viewed_without_it() -> None:
    padded = np.zeros((HEIGHT, 384), np.uint8)
    padded[:, :WIDTH] = ROOM
    viewed = luma(padded.tobytes(), 384, WIDTH, HEIGHT)
    assert np.array_equal(viewed, ROOM)
