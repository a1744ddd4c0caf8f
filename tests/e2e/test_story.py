"""The dashboard from the first link to the night shift, in Chromium, on a real stack.

Nothing is put on topics by hand: pictures come from a film, a webcam, an RTSP camera and the
simulator, the default detector looks at them, and mails and webhooks leave the house.
"""

import re
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any
from urllib.parse import urlencode, urlsplit

import pytest
from playwright.sync_api import Browser, BrowserContext, Locator, Page, expect, sync_playwright

from services.api.routes.dashboard import DIST
from services.cli.client import setup_url
from services.cli.footage import Footage, render_scene
from services.local.receivers import SmtpSink, WebhookReceiver
from services.local.stack import LocalStack
from tests.cameras import RtspServer, film, missing
from tests.waiting import wait_until
from tests.web.conftest import CHROMIUM, FLAGS, watched

WHY_NOT = "no chromium on PATH (Debian: chromium)" if CHROMIUM is None else missing()
WHY_NOT = WHY_NOT or ("" if DIST.is_dir() else "the dashboard is not built (make web)")
pytestmark = [pytest.mark.e2e, pytest.mark.skipif(bool(WHY_NOT), reason=str(WHY_NOT))]

PATIENCE_MS = 240_000
"""What the slowest machine needs from a picture to its alert."""
WORDS = "correct horse battery staple"
PASSING = "the receiver of the test"


@dataclass
class Shop:
    """A stack, who is written to, and a browser of its owner."""

    stack: LocalStack
    mails: SmtpSink
    hooks: WebhookReceiver
    browser: Browser
    scene: Footage
    camera: RtspServer

    @contextmanager
    def visitor(self, **options: Any) -> Iterator[Page]:
        """A page in a browser of its own; fails where the page breaks."""
        context = self._context(**options)
        with watched(context.new_page()) as page:
            yield page
        context.close()

    def _context(self, **options: Any) -> BrowserContext:
        asked = {"base_url": self.stack.api_url, "locale": "en-GB"} | options
        context = self.browser.new_context(**asked)
        context.set_default_timeout(PATIENCE_MS)
        return context


@pytest.fixture(scope="module")
def shop(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Shop]:
    folder: Path = tmp_path_factory.mktemp("story")
    with ExitStack() as open_ones:
        mails = open_ones.enter_context(SmtpSink())
        hooks = open_ones.enter_context(WebhookReceiver())
        camera = open_ones.enter_context(RtspServer({"harbour": [film(folder / "harbour.h264")]}))
        environment = {
            "NIGHTCLERK_SMTP_HOST": mails.host,
            "NIGHTCLERK_SMTP_PORT": str(mails.port),
            "NIGHTCLERK_SMTP_SECURITY": "none",
            "NIGHTCLERK_CAMERA_NETWORKS": "public,private,loopback",
            "NIGHTCLERK_TARGET_NETWORKS": "public,private,loopback",
        }
        stack = open_ones.enter_context(LocalStack(folder / "home", environment=environment))
        scene = render_scene(folder)
        playwright = open_ones.enter_context(sync_playwright())
        browser = playwright.chromium.launch(executable_path=CHROMIUM, args=FLAGS)
        open_ones.callback(browser.close)
        yield Shop(stack, mails, hooks, browser, scene, camera)


def path_of(url: str) -> str:
    """The path of a link of ours, whatever host it names."""
    return urlsplit(url).path


def position(page: Page) -> float:
    return float(page.locator("video").evaluate("video => video.currentTime"))


def has_picture(canvas: Locator) -> bool:
    """Whether anything is drawn on it."""
    script = (
        "c => c.width > 1 && c.getContext('2d')"
        ".getImageData(0, 0, c.width, c.height).data.some((v, i) => i % 4 < 3 && v > 0)"
    )
    return bool(canvas.evaluate(script))


def test_the_story_of_a_store(shop: Shop) -> None:
    expect.set_options(timeout=PATIENCE_MS)
    with shop.visitor() as owner:
        set_up(shop, owner)
        see_an_upload(shop, owner)
        mark_a_false_alarm(owner)
        send_the_webcam(owner)
        watch_a_camera_and_lose_it(shop, owner)
        try_a_policy(owner)
        hear_a_test(shop, owner)
        invite_a_viewer(shop, owner)
        change_language_and_theme(owner)


def set_up(shop: Shop, page: Page) -> None:
    """From the link that works once to a self-check that says that everything works."""
    link = setup_url(shop.stack.api_url, shop.stack.api_token)
    assert link
    page.goto(path_of(link))
    page.get_by_label("Your name").fill("Kim Minji")
    page.get_by_label("Mail address").fill("minji@shop.example")
    page.get_by_label("Password").fill(WORDS)
    page.get_by_role("button", name="Create the owner").click()
    page.get_by_label("Name of the store").fill("Station Road")
    page.get_by_role("button", name="Save and go on").click()
    expect(page.get_by_role("heading", name="Camera", exact=True)).to_be_visible()
    page.get_by_role("link", name="Skip this").click()
    page.get_by_role("button", name="Begin the self-check").click()
    expect(page.get_by_text("Everything works")).to_be_visible()
    page.get_by_role("link", name="To the overview").click()
    expect(page.get_by_role("heading", name="Overview")).to_be_visible()


def see_an_upload(shop: Shop, page: Page) -> None:
    """A film goes in, its progress moves, its alert appears; a screenshot seeks the player."""
    page.goto("/videos")
    page.get_by_label("Videos to upload").set_input_files(shop.scene.path)
    row = page.get_by_role("link", name=shop.scene.path.name)
    expect(row.get_by_text(re.compile("Reading|Scoring|Waiting"))).to_be_visible()
    expect(row.get_by_text(re.compile(r"\d+ alerts?"))).to_be_visible()
    expect(row.get_by_text("Done")).to_be_visible()
    row.click()
    page.wait_for_function("() => document.querySelector('video')?.readyState > 0")
    expect(page.get_by_text("Possible fight").first).to_be_visible()
    shots = page.locator("section", has_text="Highest-scored moments").get_by_role("button")
    shot = shots.first
    minutes, seconds = re.findall(r"(\d+):(\d+\.\d)", shot.inner_text())[0]
    wanted_s = 60 * int(minutes) + float(seconds)
    shot.click()
    wait_until(lambda: abs(position(page) - wanted_s) < 0.1)


def mark_a_false_alarm(page: Page) -> None:
    page.goto("/review")
    expect(page.get_by_role("region", name="The incident", exact=True)).to_be_visible()
    page.keyboard.press("f")
    expect(page.get_by_text("A false alarm.")).to_be_visible()


def send_the_webcam(page: Page) -> None:
    """From permission to a score."""
    page.goto("/webcam")
    page.get_by_role("button", name="Start").click()
    expect(page.get_by_text("pictures sent")).to_be_visible()
    expect(page.get_by_text(re.compile(r"[Ss]core.*\d\.\d\d")).first).to_be_visible()


def watch_a_camera_and_lose_it(shop: Shop, page: Page) -> None:
    page.goto("/stores")
    page.get_by_role("button", name="Add a store").click()
    page.get_by_label("Name of the store").fill("Harbour")
    page.get_by_role("button", name="Save").click()
    expect(page.get_by_role("listitem").filter(has_text="Harbour")).to_be_visible()

    page.goto("/cameras")
    page.get_by_role("button", name="Add a camera").click()
    dialog = page.get_by_role("dialog")
    dialog.get_by_label("Name", exact=True).fill("Quay")
    dialog.get_by_label("Address", exact=True).fill(shop.camera.url("harbour"))
    dialog.get_by_label("Store", exact=True).select_option(label="Harbour")
    dialog.get_by_role("button", name="Add", exact=True).click()
    expect(dialog.get_by_text("A picture comes.")).to_be_visible()
    dialog.get_by_role("link", name="To the camera").click()
    live = page.get_by_role("img", name="Live picture of Quay")
    wait_until(lambda: has_picture(live))
    expect(page.get_by_text(re.compile(r"Latest score \d\.\d\d"))).to_be_visible()
    seen_at = datetime.now(UTC)
    shop.camera.kill()
    expect(page.get_by_text("offline").first).to_be_visible()
    shop.camera.start()
    expect(page.get_by_text("online").first).to_be_visible()
    play_what_was_recorded(page, seen_at)


def play_what_was_recorded(page: Page, at: datetime) -> None:
    """Of the camera on the page, a little before the moment."""
    camera = page.url.rpartition("/")[2]
    asked = urlencode({"camera": camera, "at": at.isoformat(), "span": 60})
    page.goto(f"/timeline?{asked}")
    page.get_by_label("Store", exact=True).select_option(label="Harbour")
    chart = page.get_by_role("slider")
    chart.focus()
    page.keyboard.press("ArrowLeft")
    page.keyboard.press("Enter")
    recording = page.get_by_role("region", name="Recording")
    expect(recording).to_be_visible()
    page.wait_for_function("() => document.querySelector('video')?.currentTime > 0.2")


def try_a_policy(page: Page) -> None:
    page.goto("/policies")
    rule = page.get_by_role("listitem").filter(has_text="fight").first
    rule.get_by_role("button", name="Override here").click()
    dialog = page.get_by_role("dialog")
    dialog.get_by_label("k windows").fill("1")
    dialog.get_by_role("button", name="Apply").click()
    page.get_by_role("button", name="Preview the last week").click()
    expect(page.get_by_role("row", name="All cameras")).to_be_visible()
    page.get_by_role("button", name="Save").click()
    expect(page.get_by_text("Saved: in force within seconds")).to_be_visible()


def hear_a_test(shop: Shop, page: Page) -> None:
    page.goto("/channels")
    page.get_by_role("button", name="Add a channel").click()
    page.get_by_label("Channel", exact=True).select_option("webhook")
    page.get_by_role("textbox", name="Name").fill(PASSING)
    page.get_by_label("URL that takes the messages").fill(shop.hooks.url)
    page.get_by_role("button", name="Add", exact=True).click()
    page.get_by_role("button", name="I have it").click()
    page.get_by_role("link", name=PASSING).click()
    page.get_by_role("button", name="Send a test").click()
    expect(page.get_by_role("row", name="Test").first).to_contain_text("Delivered")
    assert shop.hooks.inbox.items


def invite_a_viewer(shop: Shop, page: Page) -> None:
    """Of one store; she sees nothing of the other."""
    page.goto("/people")
    page.get_by_role("button", name="Invite somebody").click()
    page.get_by_label("Mail address").fill("jun@shop.example")
    page.get_by_label("All stores, later ones too").uncheck()
    page.get_by_label("Station Road").check()
    page.get_by_role("button", name="Invite", exact=True).click()
    expect(page.get_by_text("An invitation is on its way")).to_be_visible()
    with shop.visitor() as viewer:
        viewer.goto(path_of(invitation_to(shop, "jun@shop.example")))
        viewer.get_by_label("Your name").fill("Lee Jun")
        viewer.get_by_label("Password").fill(WORDS)
        viewer.get_by_role("button", name="Begin").click()
        expect(viewer.get_by_role("heading", name="Overview")).to_be_visible()
        viewer.goto("/cameras")
        expect(viewer.get_by_role("heading", name="Cameras")).to_be_visible()
        expect(viewer.get_by_role("status", name="Loading")).to_have_count(0)
        expect(viewer.get_by_text("Quay")).to_have_count(0)


def invitation_to(shop: Shop, address: str) -> str:
    """The link in the mail that asked them in."""

    def links() -> list[str]:
        mails = [one.message for one in shop.mails.inbox.items if address in one.recipients]
        parts = [mail.get_body(("plain",)) for mail in mails]
        text = " ".join(str(part.get_content()) for part in parts if part)
        return re.findall(r"https?://\S+/invitation/\S+", text)

    wait_until(links)
    return links()[-1]


def change_language_and_theme(page: Page) -> None:
    page.goto("/")
    page.get_by_role("button", name="Your menu").click()
    page.get_by_role("menuitemradio", name="Light").click()
    page.keyboard.press("Escape")
    assert page.evaluate("getComputedStyle(document.body).colorScheme") == "light"
    page.get_by_role("button", name="Your menu").click()
    page.get_by_role("menuitemradio", name="한국어").click()
    expect(page.get_by_role("heading", name="개요")).to_be_visible()
