"""A detector goes from a replay to live and back by the page, in Chromium."""

import re
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import datetime
from urllib.parse import urlsplit

from playwright.sync_api import Page, expect, sync_playwright

from services.api.routes.dashboard import DIST
from services.cli.client import setup_url
from services.local.stack import LocalStack
from tests.web.conftest import CHROMIUM, FLAGS, watched

PATIENCE_MS = 240_000
WINDOWS_PER_S = 200
"""So slow that its progress is seen."""


def why_not() -> str:
    """Why there is no page to go by; empty where there is one."""
    if CHROMIUM is None:
        return "no chromium on PATH (Debian: chromium)"
    return "" if DIST.is_dir() else "the dashboard is not built (make web)"


@contextmanager
def owner(stack: LocalStack) -> Iterator[Page]:
    """A page of whoever has just signed up, in a browser whose clock is UTC."""
    link = setup_url(stack.api_url, stack.api_token)
    assert link
    expect.set_options(timeout=PATIENCE_MS)
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=CHROMIUM, args=FLAGS)
        options = {"locale": "en-GB", "timezone_id": "UTC"}
        context = browser.new_context(base_url=stack.api_url, **options)
        context.set_default_timeout(PATIENCE_MS)
        with watched(context.new_page()) as page:
            page.goto(urlsplit(link).path)
            page.get_by_label("Your name").fill("Kim Minji")
            page.get_by_label("Mail address").fill("minji@shop.example")
            page.get_by_label("Password").fill("correct horse battery staple")
            page.get_by_role("button", name="Create the owner").click()
            expect(page.get_by_label("Name of the store")).to_be_visible()
            yield page
        browser.close()


def replay(page: Page, detector: str, since: datetime, until: datetime) -> str:
    """The run, once it is through; how far it is was seen meanwhile."""
    page.goto("/replays")
    page.get_by_role("button", name="Start a replay").click()
    dialog = page.get_by_role("dialog", name="Start a replay")
    dialog.get_by_label("Detector").select_option(label=detector)
    dialog.get_by_label("From", exact=True).fill(f"{since:%Y-%m-%dT%H:%M}")
    dialog.get_by_label("Until", exact=True).fill(f"{until:%Y-%m-%dT%H:%M}")
    dialog.get_by_text("More", exact=True).click()
    dialog.get_by_label("At most so many windows a second").fill(str(WINDOWS_PER_S))
    expect(dialog.get_by_text(re.compile("cameras and uploads, [1-9]"))).to_be_visible()
    dialog.get_by_role("button", name="Start", exact=True).click()
    expect(page.get_by_text("Running", exact=True)).to_be_visible()
    expect(page.get_by_role("status").get_by_text(re.compile("[1-9][0-9]*%"))).to_be_visible()
    expect(page.get_by_text("Done", exact=True)).to_be_visible()
    return page.url.rpartition("/")[2]


def compare(page: Page, run: str, gained: int) -> None:
    """From the replay's page; what only it alerted of is played."""
    page.get_by_role("link", name="Compare", exact=True).click()
    expect(page.get_by_role("button", name=f"Gained {gained}")).to_be_visible()
    page.wait_for_function("() => document.querySelector('video')?.currentTime > 0.2")
    assert run in page.url


def make_live(page: Page, detector: str) -> None:
    """From the comparison, on the strength of its run."""
    page.get_by_role("link", name="Make it live").click()
    dialog = page.get_by_role("dialog", name=f"Make {detector} live")
    expect(dialog.get_by_text("Gained")).to_be_visible()
    dialog.get_by_role("button", name="Make it live").click()
    expect(dialog).to_be_hidden()
    page.goto("/models")
    everywhere = page.get_by_label("All stores")
    expect(everywhere.get_by_role("link", name=detector)).to_be_visible()


def roll_back(page: Page, detector: str) -> None:
    page.get_by_role("button", name="Roll back").click()
    dialog = page.get_by_role("dialog", name=f"Roll {detector} back?")
    dialog.get_by_role("button", name="Roll back").click()
    expect(page.get_by_label("All stores").get_by_role("link", name=detector)).to_have_count(0)
