"""Long uploads with hidden faces: which pieces are made, what they show, nobody at the seams."""

import io
from collections.abc import Callable, Iterator
from concurrent.futures import CancelledError, Future
from fractions import Fraction
from pathlib import Path
from threading import Event
from uuid import UUID

import av
import numpy as np
import pytest

from services.api.faces.copies import HiddenCopies
from services.api.faces.detecting import FaceDetector
from services.api.faces.making import Hiding, Part
from services.api.faces.pieces import PATIENCE_S, PIECE_S, Check, HiddenPieces, Piece
from services.chassis.media.hiding import Box
from services.chassis.media.recording import open_recording
from services.chassis.media.shape import Picture
from services.rules.hidden import Heads, Look
from tests.unit.api.builders import progressed
from tests.unit.api.conftest import Api
from tests.unit.api.faces.test_footage import seen, submitted, tell
from tests.unit.api.faces.test_handing import HEAD, SIZE, asks_as, is_hidden, noise, set_rule
from tests.waiting import wait_until

MARK = slice(8, 24)
"""Rows and columns of a square whose brightness tells pictures apart."""

LENGTH_S = 2 * PIECE_S + 5
RATE = 2
THOUSANDTH = Fraction(1, 1000)


def film(at_s: list[float]) -> bytes:
    """Pictures at these seconds, each with the mark of its number."""
    out, picture = io.BytesIO(), noise(1)
    with av.open(out, "w", format="mp4") as output:
        stream = output.add_stream("libx264", rate=10, options={"preset": "ultrafast", "crf": "10"})
        stream.width, stream.height, stream.pix_fmt = *SIZE, "yuv420p"
        stream.codec_context.time_base = THOUSANDTH
        for number, second in enumerate(at_s):
            picture[MARK, MARK] = 20 + 20 * (number % 11)
            frame = av.VideoFrame.from_ndarray(picture, format="rgb24")
            frame.pts, frame.time_base = round(second * 1000), THOUSANDTH
            output.mux(stream.encode(frame))
        output.mux(stream.encode(None))
    return out.getvalue()


def shown(content: bytes) -> list[tuple[float, int, np.ndarray]]:
    """When each picture is shown, its number as far as the mark tells it, and itself."""
    with av.open(io.BytesIO(content)) as opened:
        frames = [
            (float(frame.time or 0), frame.to_ndarray(format="rgb24"))
            for frame in opened.decode(video=0)
        ]
    return [
        (round(at_s, 3), round((picture[MARK, MARK].mean() - 20) / 20), picture)
        for at_s, picture in frames
    ]


def part_of(content: bytes, part: Part, hiding: Hiding, path: Path) -> list[tuple[float, int]]:
    hiding.write(open_recording(io.BytesIO(content)), path, part=part)
    return [(at_s, number) for at_s, number, _ in shown(path.read_bytes())]


NOBODY = Hiding(Heads([Look(n / 2, ()) for n in range(40)]))


def test_a_part_shows_its_seconds_and_begins_with_what_is_on_screen(tmp_path: Path) -> None:
    content = film([n / 10 for n in range(20)])
    cut = [(0.0, 5), (0.05, 6), (0.15, 7), (0.25, 8), (0.35, 9), (0.45, 10)]
    path = tmp_path / "part.mp4"
    assert part_of(content, Part(0.55, 1.05), NOBODY, path) == cut
    rest = part_of(content, Part(1.75, 99.0), NOBODY, path)
    assert rest == [(0.0, 17 % 11), (0.05, 18 % 11), (0.15, 19 % 11)]


def test_what_stands_still_over_a_seam_is_shown_to_the_end_of_a_part(tmp_path: Path) -> None:
    path = tmp_path / "part.mp4"
    cut = part_of(film([0.0, 0.1, 9.0, 9.1]), Part(2.0, 4.0), NOBODY, path)
    assert [number for _, number in cut] == [1, 1]
    with av.open(str(path)) as opened:
        assert opened.duration == 2_000_000


class OfMarks(FaceDetector):
    """Weights of a real one are on no package index. This one takes the sixth mark for a face."""

    def __init__(self) -> None:
        pass

    def faces(self, picture: Picture) -> list[Box]:
        return [HEAD] if abs(picture[MARK, MARK].mean() - 120) < 5 else []


@pytest.mark.parametrize("part", [Part(0.6, 1.4), Part(0.0, 0.4)])
def test_a_face_that_is_found_beyond_a_seam_only_is_hidden(tmp_path: Path, part: Part) -> None:
    """A detector finds it at half a second, and it is held for a second before and after."""
    hiding = Hiding(NOBODY.heads, OfMarks())
    path = tmp_path / "part.mp4"
    hiding.write(open_recording(io.BytesIO(film([n / 10 for n in range(15)]))), path, part=part)
    pictures = shown(path.read_bytes())
    assert len(pictures) == round((part.until_s - part.from_s) * 10)
    assert all(is_hidden(picture) for _, _, picture in pictures)


@pytest.fixture(scope="module")
def long_film() -> bytes:
    return film([n / RATE for n in range(LENGTH_S * RATE)])


@pytest.fixture
def long(api: Api, long_film: bytes) -> UUID:
    """An upload of three pieces, seen by everybody with hidden faces only."""
    set_rule(api, "everybody")
    video_id = UUID(api.upload(long_film).json()["video_id"])
    api.project(progressed("decoded", video_id=video_id, duration_s=LENGTH_S))
    return video_id


def test_nobody_is_seen_at_a_seam(api: Api, long: UUID) -> None:
    """Somebody is seen until just before the first seam, and from just after the second on."""
    clip_s = 16 / 15
    last, first = int((PIECE_S - 0.5) / clip_s), int(2 * PIECE_S / clip_s) + 1
    looks = range(last - 3, first + 5)
    somebody = (*range(last - 3, last), *range(first, first + 5))
    origin_at = submitted(api, long)
    for index in looks:
        poses = seen(long, origin_at, index)
        if index not in somebody:
            frames = (frame.model_copy(update={"people": ()}) for frame in poses.frames)
            poses = poses.model_copy(update={"frames": tuple(frames)})
        tell(api, poses)
    seen_until, seen_from = last * clip_s - clip_s + 0.8, first * clip_s
    covered = {}
    for number in (0, 1, 2):
        answer = api.client.get(f"/api/v1/videos/{long}/media", params={"piece": number})
        assert answer.status_code == 200
        for at_s, mark, picture in shown(answer.content):
            covered[number * PIECE_S + at_s] = is_hidden_at_all(picture)
            assert mark == int((number * PIECE_S + at_s) * RATE) % 11 or is_hidden_at_all(picture)
    assert [covered[PIECE_S + n / RATE] for n in range(-2, 4)] == [
        PIECE_S + n / RATE <= seen_until + 1.0 for n in range(-2, 4)
    ]
    assert [covered[2 * PIECE_S + n / RATE] for n in range(-2, 4)] == [
        2 * PIECE_S + n / RATE >= seen_from - 1.0 for n in range(-2, 4)
    ]
    assert len(covered) == LENGTH_S * RATE


def is_hidden_at_all(picture: np.ndarray) -> bool:
    return bool(picture[54:90, 88:152].astype(float).std() < 20)


def test_what_is_no_piece_is_refused(api: Api, long: UUID) -> None:
    url = f"/api/v1/videos/{long}"
    assert api.client.get(url).json()["piece_s"] == PIECE_S
    assert api.client.get(f"{url}/media?piece=3").status_code == 404
    assert api.client.get(f"{url}/media").status_code == 422
    set_rule(api, "viewers")
    assert api.client.get(url).json()["piece_s"] is None
    assert api.client.get(f"{url}/media?piece=0").status_code == 422
    assert api.client.get(f"{url}/media", headers={"Range": "bytes=0-9"}).status_code == 206
    asks_as(api, "viewer")
    (video,) = api.client.get("/api/v1/videos").json()["items"]
    assert video["piece_s"] == PIECE_S


def test_a_piece_is_waited_for_with_202(make_api: Callable[..., Api], long_film: bytes) -> None:
    api = make_api(api_playback_wait_s=0.001)
    set_rule(api, "everybody")
    url = f"/api/v1/videos/{api.upload(long_film).json()['video_id']}/media?piece=0"
    answer = api.client.get(url)
    assert (answer.status_code, answer.headers["retry-after"]) == (202, "5")
    wait_until(lambda: api.client.head(url).status_code == 200)


class Bench:
    """Pieces whose making is told when to end."""

    def __init__(self, folder: Path) -> None:
        self.now_s = 0.0
        self.copies = HiddenCopies(folder, 10**9)
        self.pieces = HiddenPieces(self.copies, 0.0, lambda: self.now_s)
        self.begun: list[str] = []
        self.may_end = Event()

    def piece(self, number: int, upload: str = "night") -> Piece:
        name = f"{upload}-{number}"

        def make(path: Path, check: Check) -> None:
            self.begun.append(name)
            while not self.may_end.wait(0.01):
                check()
            path.write_bytes(name.encode())

        return Piece(upload, name, make)

    def ask(self, number: int, upload: str = "night") -> Future[Path]:
        return self.pieces.file(self.piece(number, upload), self.piece(number + 1, upload))

    def forget_within(self, path: Path) -> None:
        path.write_bytes(b"made too late")
        self.copies.forget("night")

    def wait_for(self, *names: str) -> None:
        wait_until(lambda: self.begun == list(names))


@pytest.fixture
def bench(tmp_path: Path) -> Iterator[Bench]:
    bench = Bench(tmp_path / "copies")
    yield bench
    bench.pieces.close()
    bench.copies.close()


def test_the_next_piece_is_made_ahead_and_no_other(bench: Bench) -> None:
    bench.may_end.set()
    assert bench.ask(0).result(10).read_bytes() == b"night-0"
    bench.wait_for("night-0", "night-1")
    wait_until(lambda: bench.copies.kept("night-1") is not None)
    assert bench.ask(1).result(10).read_bytes() == b"night-1"
    bench.wait_for("night-0", "night-1", "night-2")


def test_a_seek_is_made_next_and_not_all_before_it(bench: Bench) -> None:
    first = bench.ask(0)
    bench.wait_for("night-0")
    sought = bench.ask(34)
    bench.may_end.set()
    assert (first.result(10).name, sought.result(10).name) == ("night-0.mp4", "night-34.mp4")
    bench.wait_for("night-0", "night-34", "night-35")


def test_what_nobody_waits_for_makes_way(bench: Bench) -> None:
    abandoned = bench.ask(0)
    bench.wait_for("night-0")
    bench.now_s += PATIENCE_S + 1
    sought = bench.ask(34)
    bench.wait_for("night-0", "night-34")
    with pytest.raises(CancelledError):
        abandoned.result(10)
    bench.may_end.set()
    sought.result(10)
    bench.wait_for("night-0", "night-34", "night-35")


def test_a_piece_that_is_kept_waits_for_no_other(bench: Bench) -> None:
    bench.copies.made("night-7", lambda path: path.write_bytes(b"kept"))
    bench.ask(0)
    bench.wait_for("night-0")
    assert bench.ask(7).result(0).read_bytes() == b"kept"


def test_what_is_made_of_an_upload_ends_once_it_is_forgotten(bench: Bench) -> None:
    making, waiting = bench.ask(0), bench.ask(3)
    bench.wait_for("night-0")
    bench.pieces.forget("night")
    for future in (making, waiting):
        with pytest.raises(CancelledError):
            future.result(10)
    assert bench.begun == ["night-0"]


def test_copies_of_what_is_forgotten_go_and_those_of_others_stay(bench: Bench) -> None:
    for name in ("night.a", "night.b", "day.a"):
        bench.copies.made(name, lambda path: path.write_bytes(b"kept"))
    with pytest.raises(CancelledError):
        bench.copies.made("night.c", bench.forget_within)
    assert [path.name for path in bench.copies.folder.iterdir()] == ["day.a.mp4"]
