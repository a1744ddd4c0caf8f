"""Contact sheet and enhanced still: legible, in their order, and honest."""

import io
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from services.alerts.core.spans import Span
from services.alerts.enhanced import ENHANCED, enhance, enhanced_still
from services.alerts.montage import PICTURES, caption, contact_sheet, moments_of, sheet
from services.chassis.media.recording import VideoUnreadable
from services.chassis.media.shape import Picture, Size
from tests.footage import encoded, painted, second_of
from tests.unit.alerts.room import NOON, alert

SPAN = Span(10.0, 22.0)


def opened(jpeg: bytes) -> Picture:
    return np.asarray(Image.open(io.BytesIO(jpeg)).convert("RGB"))


def test_the_sheet_shows_the_span_in_its_order(tmp_path: Path) -> None:
    """The video begins two seconds before the span, as one that is cut at key frames does."""
    video = encoded(tmp_path / "evidence.mp4", range(8, 24), size=(256, 192))
    picture = opened(contact_sheet(video, 8.0, SPAN, alert()))
    height, wide = picture.shape[0] // 3, picture.shape[1] // 4
    tiles = [
        picture[row * height : row * height + 192, column * wide : column * wide + 256]
        for row in range(3)
        for column in range(4)
    ]
    assert [second_of(tile) for tile in tiles] == list(range(10, 22))


@pytest.mark.parametrize(("span", "count"), [(SPAN, PICTURES), (Span(0, 1), 4), (Span(3, 3.1), 1)])
def test_pictures_lie_evenly_in_the_span(span: Span, count: int) -> None:
    moments = moments_of(span)
    assert len(moments) == count
    assert all(span.start_s < at_s < span.end_s for at_s in moments)


def test_each_picture_says_its_time() -> None:
    about = alert(origin_at=NOON)
    assert caption(about, 61.25) == "2026-03-14 12:01:01.2 UTC"
    assert caption(alert(is_wall_clock=False), 61.25) == "1:01"


def test_the_times_are_written_below() -> None:
    picture = sheet([painted(1)] * 5, ["12:00:00"] * 5)
    foot = picture[96:122, :128]
    assert (foot > 128).any()


def test_a_video_that_cannot_be_read_gives_no_sheet(tmp_path: Path) -> None:
    path = tmp_path / "evidence.mp4"
    path.write_text("no video")
    with pytest.raises(VideoUnreadable):
        contact_sheet(path, 0.0, SPAN, alert())


def noisy() -> Picture:
    """A dim picture with the noise of a night."""
    chance = np.random.default_rng(7)
    dim = painted(0b1010_0101, 320, 240).astype(float) * 0.2 + 20
    return np.clip(dim + chance.normal(0, 8, dim.shape), 0, 255).astype(np.uint8)


def test_the_original_stands_beside_the_enhanced_one() -> None:
    picture = opened(enhanced_still(noisy()))
    height, wide = picture.shape[:2]
    assert (height, wide) == (480 + 28, 1280)
    left = picture[:480, : wide // 2].astype(float)
    assert abs(left.mean() - noisy().mean()) < 2
    assert (picture[480:] > 128).any()
    assert "Not what the camera recorded" in ENHANCED


def clearness(picture: Picture) -> float:
    """How far apart two blocks are, one bright and one dark, by their own noise."""
    bright, dark = (picture[10:110, left : left + 30].astype(float) for left in (5, 45))
    return float((bright.mean() - dark.mean()) / (bright.std() + dark.std()))


def test_noise_goes_and_contrast_comes() -> None:
    enhanced = enhance(noisy(), Size(320, 240))
    assert clearness(enhanced) > 1.5 * clearness(noisy())


@pytest.mark.parametrize("size", [(64, 48), (1920, 1080), (480, 848)])
def test_pictures_of_any_size_are_enlarged_within_bounds(size: tuple[int, int]) -> None:
    picture = opened(enhanced_still(np.full((size[1], size[0], 3), 90, np.uint8)))
    assert max(picture.shape[0] - 28, picture.shape[1] // 2) <= 1920
    assert picture.shape[1] // 2 >= size[0]
