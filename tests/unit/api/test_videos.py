"""Lists, progress, timelines and pictures of videos."""

import io
from threading import Event
from uuid import UUID, uuid4

import av
import numpy as np
import pytest

from tests.unit.api.builders import CLIP_S, progressed, scored
from tests.unit.api.conftest import Api
from tests.unit.api.test_uploads import MP4


@pytest.fixture
def video(api: Api) -> UUID:
    return UUID(api.upload(MP4, "till.mp4").json()["video_id"])


def test_a_video_goes_its_way(api: Api, video: UUID) -> None:
    def now() -> tuple[object, ...]:
        told = api.client.get(f"/api/v1/videos/{video}").json()
        return told["state"], round(told["progress"], 2), told["clips_scored"]

    assert now() == ("submitted", 0.0, 0)
    length_s = 4 * CLIP_S
    api.project(progressed(progress=0.5, duration_s=length_s, video_id=video))
    assert now() == ("decoding", 0.0, 0)
    api.project(scored(0, source_id=video))
    assert now() == ("decoding", 0.25, 1)
    api.project(progressed("decoded", 2, clip_count=4, video_id=video))
    assert now() == ("scoring", 0.25, 1)
    api.project(*(scored(index, source_id=video, is_last=index == 3) for index in (1, 2, 3)))
    assert now() == ("done", 1.0, 4)


def test_a_failed_video_says_why(api: Api, video: UUID) -> None:
    api.project(progressed("failed", error="No picture could be decoded.", video_id=video))
    told = api.client.get(f"/api/v1/videos/{video}").json()
    assert (told["state"], told["error"]) == ("failed", "No picture could be decoded.")
    assert told["finished_at"] is not None


def test_the_list_goes_on_by_cursor_whatever_comes_in_between(api: Api) -> None:
    def upload(number: int) -> None:
        api.clock.wait(1, Event())
        api.upload(MP4, f"{number}.mp4")

    for number in range(5):
        upload(number)
    page = api.client.get("/api/v1/videos?limit=2").json()
    upload(5)
    rest = api.client.get("/api/v1/videos", params={"limit": 9, "cursor": page["next"]}).json()
    names = [one["filename"] for one in page["items"] + rest["items"]]
    assert names == ["4.mp4", "3.mp4", "2.mp4", "1.mp4", "0.mp4"]
    assert rest["next"] is None


def test_what_never_came_is_counted(api: Api, video: UUID) -> None:
    whole = [scored(index, source_id=video, is_last=index == 3) for index in range(4)]
    api.project(progressed("decoded", clip_count=4, video_id=video), whole[0], whole[3])
    told = api.client.get(f"/api/v1/videos/{video}").json()
    assert (told["state"], told["clips_scored"], told["clips_missing"]) == ("done", 2, 2)


@pytest.mark.parametrize("path", ["", "/media", "/frame"])
def test_an_unknown_video_is_a_problem(api: Api, path: str) -> None:
    answer = api.client.get(f"/api/v1/videos/{uuid4()}{path}")
    assert answer.status_code == 404
    assert answer.headers["content-type"] == "application/problem+json"
    assert set(answer.json()) == {"type", "title", "status", "detail", "instance"}


def film(seconds: int = 4, size: tuple[int, int] = (320, 180)) -> bytes:
    """A film whose picture is as bright as the second it shows, ten frames a second."""
    file = io.BytesIO()
    with av.open(file, "w", format="mp4") as container:
        stream = container.add_stream("libx264", rate=10, options={"g": "100"})
        stream.width, stream.height, stream.pix_fmt = *size, "yuv420p"
        for number in range(seconds * 10):
            grey = np.full((size[1], size[0], 3), 30 + 40 * (number // 10), np.uint8)
            container.mux(stream.encode(av.VideoFrame.from_ndarray(grey, format="rgb24")))
        container.mux(stream.encode(None))
    return file.getvalue()


def brightness(jpeg: bytes) -> float:
    with av.open(io.BytesIO(jpeg), format="jpeg_pipe") as container:
        return float(next(container.decode(video=0)).to_ndarray(format="gray").mean())


def test_a_frame_shows_the_moment_asked_for(api: Api) -> None:
    video = api.upload(film()).json()["video_id"]
    for second in (3, 0, 2):
        answer = api.client.get(f"/api/v1/videos/{video}/frame?t={second}.55&width=160")
        assert (answer.status_code, answer.headers["content-type"]) == (200, "image/jpeg")
        assert abs(brightness(answer.content) - (30 + 40 * second)) < 6
    late = api.client.get(f"/api/v1/videos/{video}/frame?t=999")
    assert abs(brightness(late.content) - 150) < 6


def test_a_frame_of_no_video_is_a_problem(api: Api, video: UUID) -> None:
    answer = api.client.get(f"/api/v1/videos/{video}/frame?t=1")
    assert answer.status_code == 404
    assert answer.json()["detail"].startswith("The video cannot be decoded at that time")


@pytest.mark.parametrize("query", ["t=-1", "t=nan", "t=inf", "t=x", "width=8", "width=99999"])
def test_a_senseless_frame_is_refused(api: Api, video: UUID, query: str) -> None:
    assert api.client.get(f"/api/v1/videos/{video}/frame?{query}").status_code == 422
