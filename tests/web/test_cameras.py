"""Cameras in the browser: added, seen, drawn upon, paused, removed, and over time."""

import io
import itertools
from collections.abc import Callable
from typing import Any
from uuid import UUID

import pytest
from PIL import Image
from playwright.sync_api import BrowserContext, Page, expect

from schemas.pushes import FramePushed
from schemas.topics import PUSHES
from services.chassis.media import jpeg
from tests.builders import clip
from tests.unit.api.builders import health, scored
from tests.unit.api.test_cameras import add
from tests.unit.api.test_live import is_fed, put
from tests.waiting import wait_until
from tests.web.conftest import Inhabited, Site, require_accessible, require_fits

SIZE = 64, 36


def picture(colour: str = "red") -> bytes:
    content = io.BytesIO()
    Image.new("RGB", SIZE, colour).save(content, "JPEG")
    return content.getvalue()


def filmed(index: int, source_id: UUID) -> Any:
    frames = (picture(),) * 16
    return clip(
        index,
        source_id,
        frames=frames,
        frame_count=16,
        source_kind="camera",
        width=SIZE[0],
        height=SIZE[1],
    )


def added(site: Site, **fields: Any) -> UUID:
    return UUID(add(site.api, **fields)["source_id"])


def shows_red(page: Page, name: str) -> bool:
    canvas = page.get_by_role("img", name=f"Live picture of {name}")
    script = "c => [...c.getContext('2d').getImageData(9, 9, 1, 1).data]"
    red, green, *_ = canvas.evaluate(script)
    return bool(red > 200 and green < 60)


def test_a_camera_is_added_seen_paused_and_removed(page: Page, site: Site) -> None:
    page.goto("/cameras")
    page.get_by_role("button", name="Add a camera").click()
    dialog = page.get_by_role("dialog")
    dialog.get_by_label("Name", exact=True).fill("Door")
    dialog.get_by_label("Address", exact=True).fill("nonsense")
    dialog.get_by_role("button", name="Add", exact=True).click()
    expect(dialog.get_by_role("alert")).to_be_visible()
    dialog.get_by_label("Address", exact=True).fill("rtsp://192.168.1.20/stream2")
    dialog.get_by_role("button", name="Add", exact=True).click()
    expect(dialog.get_by_text("Connecting…")).to_be_visible()
    (camera,) = site.api.client.get("/api/v1/cameras").json()["items"]
    wait_until(lambda: is_fed(site.api))
    put(site.api, filmed(0, UUID(camera["source_id"])))
    expect(dialog.get_by_text("A picture comes.")).to_be_visible()
    dialog.get_by_role("link", name="To the camera").click()
    expect(page.get_by_role("heading", name="Door")).to_be_visible()

    page.get_by_role("navigation", name="Pages").get_by_role("link", name="Cameras").click()
    page.get_by_role("button", name="Pause Door").click()
    expect(page.get_by_text("Door is paused.")).to_be_visible()
    page.get_by_role("button", name="Undo").click()
    expect(page.get_by_role("button", name="Pause Door")).to_be_visible()
    page.get_by_role("button", name="Remove Door").click()
    page.get_by_role("dialog").get_by_role("button", name="Remove", exact=True).click()
    expect(page.get_by_text("No camera yet")).to_be_visible()


def test_pictures_scores_and_an_outage_come_without_a_reload(page: Page, site: Site) -> None:
    source = added(site)
    page.goto(f"/cameras/{source}")
    expect(page.get_by_role("heading", name="Till 1")).to_be_visible()
    wait_until(lambda: is_fed(site.api))
    put(site.api, filmed(0, source))
    wait_until(lambda: shows_red(page, "Till 1"))
    site.happens(scored(0, 0.71, source_id=source, source_kind="camera"))
    expect(page.get_by_text("Latest score 0.71, the mark stands at 0.60")).to_be_visible()
    numbers = itertools.count(1)

    def is_online() -> bool:
        put(site.api, filmed(next(numbers), source))
        return page.get_by_text("Online", exact=True).is_visible()

    wait_until(is_online)
    site.happens(health("offline", source_id=source, detail="The cable is cut."))
    expect(page.get_by_text("The cable is cut.").first).to_be_visible()


def test_why_a_camera_is_away_stands_in_the_readers_language(
    open_context: Callable[..., BrowserContext], site: Site
) -> None:
    source = added(site)
    away = health("offline", source_id=source, detail="The camera answers with error 454.")
    site.happens(away, scored(0, 0.71, source_id=source, source_kind="camera"))
    page = open_context(locale="ko-KR").new_page()
    page.goto(f"/cameras/{source}")
    expect(page.get_by_text("카메라가 오류 454로 응답합니다.").first).to_be_visible()


def test_the_wall_shows_pictures_and_is_led_by_keys(page: Page, site: Site) -> None:
    sources = [added(site, name=name) for name in ("a", "b")]
    page.goto("/wall")
    expect(page.get_by_role("link", name="b", exact=True)).to_be_visible()
    wait_until(lambda: is_fed(site.api))
    put(site.api, *(filmed(0, source) for source in sources))
    wait_until(lambda: all(shows_red(page, name) for name in ("a", "b")))
    links = page.get_by_role("main").get_by_role("listitem").get_by_role("link")
    page.get_by_role("button", name="1", exact=True).press("ArrowRight")
    expect(links.first).to_be_focused()
    page.keyboard.press("ArrowRight")
    expect(links.nth(1)).to_be_focused()
    page.keyboard.press("1")
    expect(links).to_have_count(1)


def test_a_zone_is_drawn_by_pointer_and_a_mask_by_keys(page: Page, site: Site) -> None:
    source = added(site)
    page.goto(f"/cameras/{source}?tab=areas")
    page.get_by_role("button", name="Draw a zone").click()
    surface = page.get_by_role("application")
    box = surface.bounding_box()
    assert box
    for x, y in ((0.2, 0.3), (0.8, 0.3), (0.8, 0.9)):
        page.mouse.click(box["x"] + x * box["width"], box["y"] + y * box["height"])
    page.get_by_role("button", name="Close the area").click()
    page.get_by_label("Name of the zone").fill("till")
    page.get_by_role("button", name="Draw a mask").click()
    for keys in ("Enter", "ArrowLeft Enter", "ArrowUp Enter"):
        for key in keys.split():
            page.keyboard.press(f"Shift+{key}" if key.startswith("Arrow") else key)
    page.get_by_role("button", name="Close the area").click()
    page.get_by_role("button", name="Corner 1 of Mask").press("ArrowRight")
    page.get_by_role("button", name="Save").click()
    expect(page.get_by_text("Saved.")).to_be_visible()
    camera = site.api.client.get(f"/api/v1/cameras/{source}").json()
    (zone,) = camera["zones"]
    assert zone["name"] == "till"
    assert zone["polygon"][0] == pytest.approx([0.2, 0.3], abs=0.01)
    assert camera["masks"] == [[[0.51, 0.5], [0.45, 0.5], [0.45, 0.45]]]


def test_a_webcam_from_permission_to_pictures_on_the_topic(page: Page, site: Site) -> None:
    def pushed() -> list[FramePushed]:
        return [one for one in site.api.publisher.messages(PUSHES) if isinstance(one, FramePushed)]

    page.goto("/webcam")
    page.get_by_role("button", name="Start").click()
    wait_until(lambda: len(pushed()) >= 10)
    expect(page.get_by_text("pictures sent")).to_be_visible()
    shown = jpeg.checked(pushed()[-1].jpeg, 1920)
    assert 256 <= min(shown.width, shown.height) <= 480


def test_a_link_says_how_far_it_got(page: Page, site: Site) -> None:
    page.goto("/link")
    page.get_by_label("Link").fill("https://videos.example/night/till.m3u8")
    page.get_by_role("button", name="Watch").click()
    expect(page.get_by_role("heading", name="videos.example · till.m3u8")).to_be_visible()
    (camera,) = site.api.client.get("/api/v1/cameras").json()["items"]
    gone = health("offline", source_id=UUID(camera["source_id"]), detail="The page has no video.")
    site.happens(gone)
    expect(page.get_by_role("alert").get_by_text("The page has no video.")).to_be_visible()


def test_a_timeline_leads_to_any_hour_in_two_clicks(owner_page: Page) -> None:
    page = owner_page
    page.goto("/timeline")
    page.get_by_role("group", name="Days").get_by_role("button").nth(-4).click()
    chart = page.get_by_role("slider")
    chart.click(position={"x": 200, "y": 60})
    expect(page.get_by_role("region", name="Recording")).to_be_visible()
    expect(page.get_by_text("Nothing was recorded at that time.")).to_be_visible()
    before = chart.get_attribute("aria-valuetext")
    chart.press("ArrowDown")
    chart.press("ArrowRight")
    assert chart.get_attribute("aria-valuetext") != before


PAGES = {
    "cameras": "/cameras",
    "camera": "/cameras/{camera}",
    "areas": "/cameras/{camera}?tab=areas",
    "policy": "/cameras/{camera}?tab=policy",
    "history": "/cameras/{camera}?tab=history",
    "settings": "/cameras/{camera}?tab=settings",
    "wall": "/wall",
    "webcam": "/webcam",
    "link": "/link",
    "timeline": "/timeline",
}


@pytest.mark.parametrize(("width", "scheme"), [(360, "light"), (1280, "dark")])
def test_pages_are_accessible_and_fit(
    owner_page: Page, inhabited: Inhabited, width: int, scheme: Any
) -> None:
    page = owner_page
    page.set_viewport_size({"width": width, "height": 800})
    page.emulate_media(color_scheme=scheme)
    for path in PAGES.values():
        page.goto(path.format(camera=inhabited.world.cameras[0].source_id))
        expect(page.get_by_role("heading", level=1).first).to_be_attached()
        expect(page.get_by_role("status", name="Loading")).to_have_count(0)
        require_fits(page)
        require_accessible(page)
