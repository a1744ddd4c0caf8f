"""Uploads, an analysis with its player, and albums, as people go through them."""

import io
import re
from collections.abc import Callable, Iterator
from pathlib import Path
from uuid import UUID

import av
import numpy as np
import pytest
from playwright.sync_api import BrowserContext, Page, Route, expect

from schemas.alerts import AlertClosed
from schemas.base import Message
from services.api.faces.pieces import PIECE_S
from tests.unit.api.builders import CLIP_S, alert, head, progressed, scored
from tests.unit.api.faces.test_handing import set_rule
from tests.waiting import wait_until
from tests.web.conftest import Site, require_accessible, require_fits

LENGTH_S = 16
CHUNK_BYTES = 16 * 1024 * 1024
"""What the page sends at once."""
RATE = 15


def a_clip(seconds: int = LENGTH_S, rate: int = RATE) -> bytes:
    """H.264 in an MP4 that browsers play: a square that wanders."""
    out = io.BytesIO()
    with av.open(out, "w", format="mp4") as container:
        stream = container.add_stream("libx264", rate=rate)
        stream.width, stream.height, stream.pix_fmt = 320, 180, "yuv420p"
        stream.options = {"preset": "ultrafast", "g": "15"}
        for number in range(seconds * rate):
            picture = np.full((180, 320, 3), 40, np.uint8)
            left = number % 280
            picture[60:100, left : left + 40] = (220, 180, 90)
            container.mux(stream.encode(av.VideoFrame.from_ndarray(picture, format="rgb24")))
        container.mux(stream.encode())
    return out.getvalue()


@pytest.fixture(scope="module")
def clip() -> bytes:
    return a_clip()


def analysed(site: Site, video_id: UUID) -> None:
    """What the pipeline makes of it: a fight at second 10."""
    site.happens(*analysis(video_id))


def analysis(video_id: UUID) -> Iterator[Message]:
    facts = {"duration_s": LENGTH_S, "width": 320, "height": 180, "frame_rate": RATE}
    facts |= {"codec": "h264", "clip_count": 15, "progress": 1.0}
    yield progressed("decoded", video_id=video_id, **facts)
    for index in range(15):
        level = 0.95 if 8 <= index <= 10 else 0.1 + index / 100
        clip = {"heads": (head(calibrated=level),), "is_last": index == 14}
        yield scored(index, source_id=video_id, **clip)
    yield alert(AlertClosed, source_id=video_id, opening=8)


def uploaded(site: Site, clip: bytes, name: str = "till.mp4") -> UUID:
    return UUID(site.api.upload(clip, name).json()["video_id"])


def test_an_upload_breaks_off_goes_on_and_is_analysed(page: Page, site: Site, clip: bytes) -> None:
    broken: list[str] = []

    def break_once(route: Route) -> None:
        if broken:
            return route.fallback()
        broken.append(route.request.url)
        return route.abort("connectionreset")

    page.route(re.compile("/api/v1/uploads/"), break_once)
    page.goto("/videos")
    expect(page.get_by_role("heading", name="Nothing has been analysed yet")).to_be_visible()
    page.get_by_label("Videos to upload").set_input_files(
        {"name": "night.mp4", "mimeType": "video/mp4", "buffer": clip}
    )
    expect(page.get_by_text("Waiting for the connection")).to_be_visible()
    row = page.get_by_role("link", name="night.mp4")
    expect(row).to_be_visible()
    assert len(broken) == 1
    video_id = UUID(str(row.get_attribute("href")).rpartition("/")[2])
    site.happens(progressed("decoding", video_id=video_id, progress=0.5, clip_count=7))
    expect(row.get_by_text("Reading")).to_be_visible()
    row.click()
    page.get_by_role("button", name="Pause", exact=True).first.click()
    expect(page.get_by_text("Paused")).to_be_visible()
    page.get_by_role("button", name="Go on").click()
    expect(page.get_by_role("button", name="Go on")).to_have_count(0)
    page.go_back()
    analysed(site, video_id)
    expect(row.get_by_text("1 alert")).to_be_visible()
    expect(row.get_by_text("Done")).to_be_visible()


@pytest.mark.parametrize("place", ["/videos", "/videos/{}"])
def test_an_analysis_is_done_though_no_event_says_so(
    page: Page, site: Site, clip: bytes, place: str
) -> None:
    video_id = uploaded(site, clip)
    page.goto(place.format(video_id))
    expect(page.get_by_text("Waiting").first).to_be_visible()
    site.api.project(*analysis(video_id))
    expect(page.get_by_text(re.compile("Waiting|Reading|Scoring"))).to_have_count(0)


def test_an_upload_goes_on_after_a_reload(page: Page, clip: bytes, tmp_path: Path) -> None:
    film = tmp_path / "long.mp4"
    film.write_bytes(clip + free_box(CHUNK_BYTES + 1000))
    offsets: list[int] = []

    def one_alone(route: Route) -> None:
        if route.request.method == "PATCH":
            offsets.append(int(route.request.headers["upload-offset"]))
            if len(offsets) == 2:
                return route.abort("connectionreset")
        return route.fallback()

    page.route(re.compile("/api/v1/uploads/"), one_alone)
    page.goto("/videos")
    page.get_by_label("Videos to upload").set_input_files(film)
    expect(page.get_by_text("Waiting for the connection")).to_be_visible()
    page.reload()
    seen = len(offsets)
    page.get_by_label("Videos to upload").set_input_files(film)
    expect(page.get_by_role("link", name="long.mp4")).to_be_visible()
    assert offsets[:2] == [0, CHUNK_BYTES]
    assert set(offsets[seen:]) == {CHUNK_BYTES}


def free_box(size: int) -> bytes:
    """Space that players pass over."""
    return size.to_bytes(4, "big") + b"free" + bytes(size - 8)


def position(page: Page) -> float:
    return float(page.locator("video").evaluate("video => video.currentTime"))


def test_a_long_film_with_hidden_faces_is_one_of_pieces(page: Page, site: Site) -> None:
    """A link to a moment, a click far back, and over a seam: one line of time."""
    set_rule(site.api, "everybody")
    video_id = uploaded(site, a_clip(2 * PIECE_S + 10, rate=2))
    site.happens(progressed("decoded", video_id=video_id, duration_s=2 * PIECE_S + 10))
    page.goto(f"/videos/{video_id}?t={2 * PIECE_S + 3}")
    wait_until(lambda: stands(page, 2) == 3)
    bar = page.get_by_role("slider", name="Position")
    expect(bar).to_have_attribute("max", str(2 * PIECE_S + 10))
    expect(bar).to_have_attribute("aria-valuetext", "10:03")
    page.get_by_label("Speed").select_option("2")
    bar.fill(str(PIECE_S - 1))
    wait_until(lambda: stands(page, 0) == PIECE_S - 1)
    refused: list[str] = []

    def refuse_once(route: Route) -> None:
        """As if the piece were finished between this answer and the next."""
        if route.request.method == "HEAD" or refused:
            return route.fallback()
        refused.append(route.request.url)
        return route.fulfill(status=202)

    page.route(re.compile(r"piece=1$"), refuse_once)
    page.get_by_role("button", name="Play", exact=True).click()
    wait_until(lambda: (stands(page, 1) or 0) > 0)
    assert len(refused) == 1
    page.get_by_role("button", name="Pause", exact=True).click()
    expect(page.get_by_label("Speed")).to_have_value("2")
    assert float(bar.input_value()) > PIECE_S


def stands(page: Page, piece: int) -> float | None:
    """Where the player stands in that piece, once it shows it."""
    found = page.locator("video").evaluate("video => [video.currentSrc, video.readyState]")
    has_it = found[0].endswith(f"piece={piece}") and found[1] > 0
    return position(page) if has_it else None


def test_a_screenshot_seeks_the_player(page: Page, site: Site, clip: bytes) -> None:
    video_id = uploaded(site, clip)
    analysed(site, video_id)
    page.goto(f"/videos/{video_id}")
    expect(page.get_by_role("heading", name="till.mp4")).to_be_visible()
    page.wait_for_function("() => document.querySelector('video').readyState > 0")
    shot = page.locator("section", has_text="Highest-scored moments").get_by_role("button").first
    wanted = 8.5 * CLIP_S  # the middle of the first of the highest clips
    shot.click()
    wait_until(lambda: abs(position(page) - wanted) < 0.5)
    page.get_by_role("slider", name="Score over time").press("Home")
    wait_until(lambda: position(page) == 0)
    page.keyboard.press(".")
    wait_until(lambda: abs(position(page) - 1 / RATE) < 0.01)
    page.get_by_text("Models in detail").click()
    expect(page.get_by_text("linear-fight")).to_be_visible()
    page.get_by_role("button", name="Picture").click()
    dialog = page.get_by_role("dialog")
    expect(dialog.get_by_role("heading", name="Picture at 0:00.1")).to_be_visible()
    dialog.get_by_label("Enhance").check()
    page.wait_for_function("() => document.querySelector('[role=dialog] canvas').width >= 320")
    page.keyboard.press("Escape")


def test_a_video_is_renamed_and_deleted(page: Page, site: Site, clip: bytes) -> None:
    video_id = uploaded(site, clip)
    page.goto(f"/videos/{video_id}")
    page.get_by_role("button", name="Rename").click()
    page.get_by_role("textbox", name="Name").fill("Friday.mp4")
    page.get_by_role("button", name="Save").click()
    expect(page.get_by_role("heading", name="Friday.mp4")).to_be_visible()
    page.get_by_role("button", name="Delete").click()
    page.get_by_role("dialog").get_by_role("button", name="Stop and delete").click()
    expect(page.get_by_role("heading", name="Nothing has been analysed yet")).to_be_visible()
    assert list(site.api.store.list(f"videos/{video_id}")) == []


def test_albums_are_filled_annotated_and_put_in_order(page: Page, site: Site, clip: bytes) -> None:
    first, second = uploaded(site, clip, "a.mp4"), uploaded(site, clip, "b.mp4")
    page.goto(f"/videos/{first}")
    page.get_by_role("button", name="Add to album").click()
    page.get_by_role("menuitem", name="New album").click()
    page.get_by_role("textbox", name="Name").fill("Shoplifting, May")
    page.get_by_role("button", name="Create").click()
    expect(page.get_by_text("Added to Shoplifting, May")).to_be_visible()
    page.goto(f"/videos/{second}")
    page.get_by_role("button", name="Add to album").click()
    page.get_by_role("menuitem", name="Shoplifting, May").click()
    expect(page.get_by_text("Added to Shoplifting, May")).to_be_visible()
    page.get_by_role("link", name="Albums").click()
    page.get_by_role("link", name="Shoplifting, May").click()
    names = page.get_by_role("listitem").get_by_role("link")
    expect(names).to_have_text(["a.mp4", "b.mp4"])
    page.get_by_role("button", name="Move b.mp4 up").click()
    expect(names).to_have_text(["b.mp4", "a.mp4"])
    page.get_by_label("Note on a.mp4").fill("puts it under the coat")
    page.get_by_role("button", name="Take b.mp4 out").click()
    expect(names).to_have_text(["a.mp4"])
    page.reload()
    expect(page.get_by_label("Note on a.mp4")).to_have_value("puts it under the coat")


@pytest.mark.parametrize(("width", "scheme"), [(360, "dark"), (1280, "light")])
def test_its_pages_are_accessible_and_fit(
    open_context: Callable[..., BrowserContext], site: Site, clip: bytes, width: int, scheme: str
) -> None:
    video_id = uploaded(site, clip)
    analysed(site, video_id)
    album = site.api.client.post("/api/v1/albums", json={"name": "May"}).json()["album_id"]
    entry = {"source_id": str(video_id)}
    site.api.client.post(f"/api/v1/albums/{album}/items", json=entry)
    size = {"width": width, "height": 800}
    page = open_context(color_scheme=scheme, viewport=size).new_page()
    for path, name in (
        ("/videos", "Uploads"),
        (f"/videos/{video_id}", "till.mp4"),
        ("/albums", "Albums"),
        (f"/albums/{album}", "May"),
    ):
        page.goto(path)
        expect(page.get_by_role("heading", name=name)).to_be_visible()
        page.wait_for_load_state("networkidle")
        require_fits(page)
        require_accessible(page)
