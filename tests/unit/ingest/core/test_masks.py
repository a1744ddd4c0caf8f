"""What a mask covers, and that nothing of it is left in the JPEG."""

import numpy as np
import pytest
from hypothesis import assume, given, settings
from hypothesis import strategies as st

from services.chassis.media.jpeg import of_planes, of_rgb
from services.ingest.core.masks import FULL_BLACK, LIMITED_BLACK, NO_COLOUR, Mask, covered

SIZE = WIDTH, HEIGHT = 96, 64
SQUARE = ((0.25, 0.25), (0.75, 0.25), (0.75, 0.75), (0.25, 0.75))
SLIVER = ((0.1, 0.101), (0.9, 0.102), (0.9, 0.1021))

corner = st.tuples(st.floats(0, 1), st.floats(0, 1))
polygons = st.lists(st.lists(corner, min_size=3, max_size=8).map(tuple), min_size=1, max_size=3)


def planes(seed: int, width: int = WIDTH, height: int = HEIGHT) -> list[np.ndarray]:
    chance = np.random.default_rng(seed)
    half = (height + 1) // 2, (width + 1) // 2
    return [chance.integers(0, 256, shape, np.uint8) for shape in ((height, width), half, half)]


def test_a_square_covers_what_it_touches_and_no_more() -> None:
    pixels = covered([SQUARE], 8, 8)
    assert pixels[2:6, 2:6].all()
    assert pixels.sum() <= 5 * 5


def test_a_sliver_thinner_than_a_pixel_is_covered_all_along() -> None:
    assert covered([SLIVER], *SIZE)[6, 10:86].all()


def test_corners_on_the_border_stay_in_the_picture() -> None:
    assert covered([((0, 0), (1, 0), (1, 1), (0, 1))], *SIZE).all()


@given(st.tuples(corner, corner, corner), st.tuples(*[st.floats(0.05, 1)] * 3))
def test_every_point_inside_a_triangle_lies_in_a_covered_pixel(
    shape: tuple, weights: tuple
) -> None:
    (ax, ay), (bx, by), (cx, cy) = shape
    assume(abs((bx - ax) * (cy - ay) - (cx - ax) * (by - ay)) > 1e-3)
    x, y = np.average(np.array(shape), axis=0, weights=weights) * SIZE
    assert covered([shape], *SIZE)[min(int(y), HEIGHT - 1), min(int(x), WIDTH - 1)]


def test_a_polygon_that_crosses_itself_covers_by_the_even_odd_rule() -> None:
    bow = ((0.0, 0.0), (1.0, 1.0), (1.0, 0.0), (0.0, 1.0))
    pixels = covered([bow], *SIZE)
    assert pixels[HEIGHT // 2, 10]
    assert not pixels[2, WIDTH // 2]


@pytest.mark.parametrize(("is_full_range", "black"), [(True, FULL_BLACK), (False, LIMITED_BLACK)])
def test_masked_pixels_are_black_without_colour(is_full_range: bool, black: int) -> None:
    mask, picture, before = Mask([SQUARE], *SIZE), planes(1), planes(1)
    mask.blacken(picture, is_full_range)
    assert (picture[0][mask.pixels_HW] == black).all()
    assert (picture[1][16:48:4, 24:36] == NO_COLOUR).any()
    assert (picture[0][~mask.pixels_HW] == before[0][~mask.pixels_HW]).all()


@settings(max_examples=30)
@given(polygons)
def test_pictures_that_differ_only_under_the_mask_give_the_same_jpeg(shapes: list) -> None:
    mask, first, second = Mask(shapes, *SIZE), planes(1), planes(1)
    other = planes(2)
    second[0][mask.pixels_HW] = other[0][mask.pixels_HW]
    for picture in (first, second):
        mask.blacken(picture, is_full_range=True)
    assert of_planes(first) == of_planes(second)


def test_colour_under_the_mask_leaves_no_trace_either() -> None:
    mask, first, second = Mask([SQUARE], *SIZE), planes(1), planes(1)
    half = mask.pixels_HW[::2, ::2]
    second[1][half], second[2][half] = 7, 250
    for picture in (first, second):
        mask.blacken(picture, is_full_range=True)
    assert of_planes(first) == of_planes(second)


def test_an_rgb_picture_is_masked_alike() -> None:
    mask = Mask([SQUARE], *SIZE)
    chance = np.random.default_rng(3)
    first = chance.integers(0, 256, (HEIGHT, WIDTH, 3), np.uint8)
    second = first.copy()
    second[mask.pixels_HW] = 255 - second[mask.pixels_HW]
    for picture in (first, second):
        mask.blacken_rgb(picture)
    assert of_rgb(first) == of_rgb(second)


def test_odd_sizes_have_chroma_planes_that_are_rounded_up() -> None:
    picture = planes(1, 95, 63)
    Mask([SQUARE], 95, 63).blacken(picture, is_full_range=False)
    assert picture[1].shape == (32, 48)


def test_what_scaling_mixed_into_the_border_is_covered_too() -> None:
    cv2 = pytest.importorskip("cv2")
    large = np.random.default_rng(4).integers(0, 256, (720, 1280), np.uint8)
    masked = covered([SQUARE], 1280, 720)
    other = np.where(masked, 255 - large, large).astype(np.uint8)
    for method in (cv2.INTER_AREA, cv2.INTER_LINEAR, cv2.INTER_CUBIC):
        pictures = [
            cv2.resize(picture, (456, 256), interpolation=method) for picture in (large, other)
        ]
        for picture in pictures:
            Mask([SQUARE], 456, 256).blacken([picture], is_full_range=True)
        assert np.array_equal(*pictures)
