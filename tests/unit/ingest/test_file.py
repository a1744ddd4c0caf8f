"""Video files of every kind end in right clips, or in one clear sentence."""

import io
from fractions import Fraction
from pathlib import Path

import av
import numpy as np
import pytest
import simplejpeg

from services.chassis.errors import TransientError
from services.chassis.media.limits import BadVideo, MediaLimits
from services.chassis.media.shape import Size, scaled_size, shown_size
from services.chassis.media.video import open_video
from services.ingest.clips import clips_of
from tests.unit.ingest import videos


def numbers(path: Path) -> list[int]:
    return [videos.number_of(jpeg) for clip in clips_of(path) for jpeg in clip.frames]


def first_picture(path: Path) -> np.ndarray:
    clip = next(iter(clips_of(path)))
    picture: np.ndarray = simplejpeg.decode_jpeg(clip.frames[0], colorspace="RGB")
    assert (clip.width, clip.height) == (picture.shape[1], picture.shape[0])
    return picture


@pytest.mark.parametrize("name", ["a.mp4", "a.mkv", "a.mov", "a.avi", "a.ts", "a.flv"])
@pytest.mark.parametrize("frame_rate", [30, 25, 10])
def test_a_steady_video_is_sampled_in_any_container(
    tmp_path: Path, name: str, frame_rate: int
) -> None:
    path = videos.make(tmp_path / name, videos.every(frame_rate, 20), options={"bf": "0"})
    expected = [
        max(n for n in range(20) if n / frame_rate <= k / 15 + 0.001)
        for k in range(round(20 / frame_rate * 15 - 1e-9))
    ]
    got = numbers(path)
    assert got[: len(expected)] == expected[: len(got)]
    assert abs(len(got) - len(expected)) <= 1


def test_two_seconds_give_clips_of_16_and_14_frames(tmp_path: Path) -> None:
    path = videos.make(tmp_path / "a.mp4", videos.every(30, 60))
    clips = list(clips_of(path))
    assert [clip.frame_count for clip in clips] == [16, 14]
    assert [clip.is_last for clip in clips] == [False, True]
    assert clips[-1].end_s == 2.0
    assert (clips[0].width, clips[0].height) == (64, 48)


def test_the_same_file_gives_the_same_clips(tmp_path: Path) -> None:
    path = videos.make(tmp_path / "a.mp4", videos.every(30, 40))
    assert list(clips_of(path)) == list(clips_of(path))


def test_variable_frame_rate_is_held_where_nothing_moves(tmp_path: Path) -> None:
    times = [0, 1 / 30, 0.5, 0.55, 1.0]
    path = videos.make(tmp_path / "a.mp4", times)
    assert numbers(path)[:16] == [0, *[1] * 7, 2, *[3] * 6, 4]


@pytest.mark.parametrize("name", ["a.mp4", "a.mkv", "a.ts", "a.avi", "a.flv"])
def test_b_frames_come_in_the_order_of_presentation(tmp_path: Path, name: str) -> None:
    options = {"bf": "3", "b-adapt": "0"}
    path = videos.make(tmp_path / name, videos.every(15, 30), options=options)
    with av.open(str(path)) as container:
        kinds = {frame.pict_type for frame in container.decode(video=0)}
    assert av.video.frame.PictureType.B in kinds
    assert numbers(path) == list(range(30))


@pytest.mark.parametrize(
    ("name", "codec"),
    [("a.mp4", "libx265"), ("a.webm", "libvpx-vp9"), ("a.avi", "mpeg4"), ("a.mkv", "ffv1")],
)
def test_other_codecs_are_read(tmp_path: Path, name: str, codec: str) -> None:
    path = videos.make(tmp_path / name, videos.every(15, 20), codec=codec)
    assert numbers(path) == list(range(20))


@pytest.mark.parametrize("pix_fmt", ["yuv420p10le", "yuv444p", "yuv422p"])
def test_other_pixel_formats_are_read(tmp_path: Path, pix_fmt: str) -> None:
    path = videos.make(tmp_path / "a.mp4", videos.every(15, 4), pix_fmt=pix_fmt)
    assert numbers(path) == [0, 1, 2, 3]


def test_a_row_of_jpeg_pictures_is_a_video_and_a_picture_is_none(tmp_path: Path) -> None:
    path = videos.make(
        tmp_path / "a.mjpeg", videos.every(25, 50), codec="mjpeg", pix_fmt="yuvj420p"
    )
    assert len(numbers(path)) == 30
    row = path.read_bytes()
    path.write_bytes(row[: row.index(b"\xff\xd9") + 2])
    with pytest.raises(BadVideo, match="is a JPEG picture, not a video"):
        open_video(path)


def test_a_single_frame_is_one_clip_of_one_frame(tmp_path: Path) -> None:
    (clip,) = clips_of(videos.make(tmp_path / "a.mp4", [0.0]))
    assert (clip.frame_count, clip.is_last, clip.start_s) == (1, True, 0)


def test_odd_sizes_become_even(tmp_path: Path) -> None:
    path = videos.make(tmp_path / "a.mp4", [0.0], size=(321, 241), paint=videos.quadrants)
    picture = first_picture(path)
    assert picture.shape == (240, 320, 3)
    assert_corners(picture, "rgbw")


def test_large_pictures_shrink_to_a_short_side_of_256(tmp_path: Path) -> None:
    path = videos.make(tmp_path / "a.mp4", [0.0], size=(1024, 512), paint=videos.quadrants)
    picture = first_picture(path)
    assert picture.shape == (256, 512, 3)
    assert_corners(picture, "rgbw")


COLOURS = {"r": (200, 20, 20), "g": (20, 200, 20), "b": (20, 20, 200), "w": (230, 230, 230)}


def assert_corners(picture: np.ndarray, expected: str) -> None:
    """`expected`: top left, top right, bottom left, bottom right."""
    height, width = picture.shape[:2]
    spots = [(y, x) for y in (height // 4, 3 * height // 4) for x in (width // 4, 3 * width // 4)]
    for (y, x), colour in zip(spots, expected, strict=True):
        assert picture[y, x].tolist() == pytest.approx(COLOURS[colour], abs=14)


@pytest.mark.parametrize(
    ("turn", "corners", "size"),
    [
        (0, "rgbw", (320, 160)),
        (90, "gwrb", (160, 320)),
        (-90, "brwg", (160, 320)),
        (180, "wbgr", (320, 160)),
    ],
)
def test_a_turned_phone_video_stands_upright(
    tmp_path: Path, turn: int, corners: str, size: tuple[int, int]
) -> None:
    path = videos.make(
        tmp_path / "a.mp4", [0.0, 0.1], size=(320, 160), paint=videos.quadrants, turn=turn
    )
    with open_video(path) as video:
        assert (video.info.width, video.info.height) == size
    assert_corners(first_picture(path), corners)


@pytest.mark.parametrize("colorspace", [1, 5])
def test_colours_are_those_of_the_video(tmp_path: Path, colorspace: int) -> None:
    path = videos.make(
        tmp_path / "a.mp4", [0.0], size=(320, 160), paint=videos.quadrants, colorspace=colorspace
    )
    assert_corners(first_picture(path), "rgbw")


def test_wide_pixels_are_shown_square(tmp_path: Path) -> None:
    path = videos.make(tmp_path / "a.mp4", [0.0], size=(180, 144), aspect=Fraction(16, 9))
    assert first_picture(path).shape == (144, 320, 3)


def test_sound_beside_the_picture_is_passed_over(tmp_path: Path) -> None:
    path = videos.make(tmp_path / "a.mp4", videos.every(15, 16), sound=True)
    assert numbers(path) == list(range(16))


def test_any_seekable_reader_will_do(tmp_path: Path) -> None:
    path = videos.make(tmp_path / "a.mp4", videos.every(15, 3))
    reader = io.BytesIO(path.read_bytes())
    with open_video(reader) as video:
        assert len(list(video.frames())) == 3
    assert not reader.closed


# --- what cannot be analysed, or only in part


@pytest.mark.parametrize("name", ["a.mkv", "a.ts", "a.avi"])
def test_a_truncated_file_ends_where_it_ends(tmp_path: Path, name: str) -> None:
    whole = videos.make(tmp_path / name, videos.every(15, 32), paint=noise, options={"bf": "0"})
    content = whole.read_bytes()
    whole.write_bytes(content[: len(content) // 2])
    clips = list(clips_of(whole))
    assert 4 < sum(clip.frame_count for clip in clips) < 30
    assert clips[-1].is_last


def test_a_truncated_faststart_mp4_ends_where_it_ends(tmp_path: Path) -> None:
    whole = videos.make(
        tmp_path / "a.mp4",
        videos.every(15, 32),
        paint=noise,
        container={"movflags": "faststart"},
    )
    content = whole.read_bytes()
    whole.write_bytes(content[: len(content) // 2])
    clips = list(clips_of(whole))
    assert 4 < sum(clip.frame_count for clip in clips) < 32
    assert clips[-1].is_last


def noise(width: int, height: int, number: int) -> videos.Picture:
    return np.random.default_rng(number).integers(0, 255, (height, width, 3), np.uint8)


def test_damage_in_the_middle_is_passed_over(tmp_path: Path) -> None:
    path = videos.make(tmp_path / "a.ts", videos.every(15, 60), paint=noise, options={"g": "10"})
    content = bytearray(path.read_bytes())
    middle = len(content) // 2
    content[middle : middle + 4000] = bytes(4000)
    path.write_bytes(content)
    clips = list(clips_of(path))
    assert 40 < sum(clip.frame_count for clip in clips) <= 61


def test_an_mp4_without_its_index_is_no_video(tmp_path: Path) -> None:
    path = videos.make(tmp_path / "a.mp4", videos.every(15, 32), paint=noise)
    path.write_bytes(path.read_bytes()[:20_000])
    with pytest.raises(BadVideo, match="not a video that can be read"):
        open_video(path)


PLAYLIST = b"#EXTM3U\n#EXT-X-TARGETDURATION:9\n#EXTINF:9,\nfile:///etc/passwd\n"


@pytest.mark.parametrize(
    ("content", "sentence"),
    [
        (b"", "The file is empty."),
        (b"It was a dark and stormy night.\n" * 99, "The file is not a video that can be read."),
        (b"\0" * 5000, "The file is not a video that can be read."),
        (PLAYLIST, "The file is not a video that can be read."),
        (b"ffconcat version 1.0\nfile /etc/passwd\n", "The file is not a video that can be read."),
    ],
)
def test_what_is_no_video_is_said_so(content: bytes, sentence: str) -> None:
    with pytest.raises(BadVideo, match=sentence):
        open_video(io.BytesIO(content))


@pytest.mark.parametrize("name", ["a.mp4", "a.m4a", "a.mkv"])
def test_sound_alone_has_no_video_stream(tmp_path: Path, name: str) -> None:
    with pytest.raises(BadVideo, match="no video stream"):
        open_video(videos.make_sound(tmp_path / name))


def test_a_picture_past_the_limit_is_refused(tmp_path: Path) -> None:
    path = videos.make(tmp_path / "a.mp4", [0.0], size=(64, 48))
    with pytest.raises(BadVideo, match="too large: 64x48"):
        open_video(path, MediaLimits(max_pixels=64 * 47))


def test_what_a_file_says_of_its_length_decides_nothing(tmp_path: Path) -> None:
    path = videos.make(tmp_path / "a.mp4", [0, 7200])
    clips = list(clips_of(path))
    assert sum(clip.frame_count for clip in clips) < 200
    with open_video(path, MediaLimits(max_duration_s=3600)) as video:
        assert len(list(video.frames())) == 2


def test_an_error_of_the_reader_is_not_the_videos_fault(tmp_path: Path) -> None:
    class Broken(io.BytesIO):
        def read(self, size: int | None = -1) -> bytes:
            if self.tell() > 30_000:
                raise TransientError("the store is away")
            return super().read(min(size or -1, 10_000))

    path = videos.make(tmp_path / "a.ts", videos.every(15, 60), paint=noise)
    with pytest.raises(TransientError), open_video(Broken(path.read_bytes())) as video:
        list(video.frames())


@pytest.mark.parametrize(
    ("size", "aspect", "expected"),
    [
        ((1920, 1080), None, (456, 256)),
        ((1080, 1920), None, (256, 456)),
        ((320, 240), None, (320, 240)),
        ((720, 576), Fraction(16, 11), (466, 256)),
        ((720, 576), Fraction(0), (320, 256)),
        ((640, 480), Fraction(100), (342, 256)),
        ((8000, 2), None, (8000, 2)),
        ((321, 241), None, (320, 240)),
        ((1, 1), None, (2, 2)),
    ],
)
def test_the_short_side_is_at_most_256(
    size: tuple[int, int], aspect: Fraction | None, expected: tuple[int, int]
) -> None:
    assert scaled_size(shown_size(*size, aspect), 256) == Size(*expected)
