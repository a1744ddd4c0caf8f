"""What surrounds every page: language, colours, the line, and what the browser is allowed."""

import re
from collections.abc import Callable

import pytest
from playwright.sync_api import BrowserContext, Page, WebSocketRoute, expect

from schemas.alerts import AlertOpened
from tests.unit.api.builders import alert
from tests.waiting import wait_until
from tests.web.conftest import Site, require_accessible, require_fits

SCRIPT_BYTES = 200_000
"""Compressed, of a first load."""


def test_speaks_the_language_of_the_browser_and_then_the_chosen(page: Page) -> None:
    page.goto("/")
    expect(page.get_by_role("heading", name="Overview")).to_be_visible()
    page.get_by_role("button", name="Your menu").click()
    page.get_by_role("menuitemradio", name="한국어").click()
    expect(page.get_by_role("heading", name="개요")).to_be_visible()
    page.reload()
    expect(page.get_by_role("heading", name="개요")).to_be_visible()
    assert page.evaluate("document.documentElement.lang") == "ko"


def test_wears_the_chosen_colours_after_a_reload(page: Page) -> None:
    page.goto("/")
    page.get_by_role("button", name="Your menu").click()
    page.get_by_role("menuitemradio", name="Light").click()
    page.reload()
    expect(page.get_by_role("heading", name="Overview")).to_be_visible()
    assert page.evaluate("getComputedStyle(document.body).colorScheme") == "light"


@pytest.mark.parametrize("width", [360, 1280])
@pytest.mark.parametrize("scheme", ["dark", "light"])
def test_is_accessible_and_fits(
    open_context: Callable[..., BrowserContext], width: int, scheme: str
) -> None:
    size = {"width": width, "height": 800}
    page = open_context(color_scheme=scheme, viewport=size).new_page()
    page.goto("/")
    expect(page.get_by_role("heading", name="Overview")).to_be_visible()
    require_fits(page)
    require_accessible(page)


def test_a_lost_connection_is_said_where_there_is_little_room(
    open_context: Callable[..., BrowserContext],
) -> None:
    page = open_context(viewport={"width": 360, "height": 640}).new_page()
    page.route_web_socket("**/api/v1/**", lambda socket: socket.close())
    page.goto("/")
    expect(page.get_by_text("Connection lost, trying again…")).to_be_visible()
    expect(page.get_by_role("button", name="Your menu")).to_be_in_viewport(ratio=1)
    require_fits(page)


def test_an_event_before_its_row_is_read_once_more(page: Page, site: Site) -> None:
    line = line_of(page)
    told = alert(AlertOpened)
    with page.expect_response(re.compile("/api/v1/alerts")):
        line.send('{"id": "AQ", "event": "alert.opened", "data": {}}')
    site.api.project(told)
    expect(page.get_by_text(told.label).first).to_be_visible()


def test_what_comes_before_the_page_listens_is_shown_too(page: Page, site: Site) -> None:
    """Between the first answer and the open line; no event tells of it."""
    line = line_of(page)
    told = alert(AlertOpened)
    site.api.project(told)
    line.send('{"id": "AQ", "event": "ready", "data": {}}')
    expect(page.get_by_text(told.label).first).to_be_visible()


def line_of(page: Page) -> WebSocketRoute:
    """Of the page of alerts, which was read and shows none: it hears what is sent here alone."""
    opening: list[WebSocketRoute] = []
    page.route_web_socket("**/api/v1/events/socket**", lambda line: opening.append(line))
    page.goto("/alerts")
    expect(page.get_by_text("All is quiet")).to_be_visible()
    wait_until(lambda: page.title() and opening)
    return opening[0]


def test_a_first_load_is_small_and_asks_no_other_host(page: Page, site: Site) -> None:
    asked: list[str] = []
    page.on("request", lambda request: asked.append(request.url))
    sizes: list[int] = []
    page.on(
        "requestfinished",
        lambda request: (
            sizes.append(request.sizes()["responseBodySize"])
            if request.resource_type == "script"
            else None
        ),
    )
    page.goto("/", wait_until="networkidle")
    assert all(url.startswith(site.url) for url in asked)
    assert 0 < sum(sizes) <= SCRIPT_BYTES


def test_a_page_that_is_not_there_leads_back(page: Page) -> None:
    page.goto("/no/such/page")
    page.get_by_role("link", name="To the overview").click()
    expect(page.get_by_role("heading", name="Overview")).to_be_visible()


def test_an_alert_appears_without_a_reload(page: Page, site: Site) -> None:
    page.goto("/")
    expect(page.get_by_text("All is quiet")).to_be_visible()
    opened = alert(AlertOpened)
    site.happens(opened)
    expect(page.get_by_text(opened.label)).to_be_visible()


@pytest.mark.parametrize("place", ["cameras", "videos", "alerts"])
def test_what_is_not_there_has_a_title_a_sentence_and_a_way_back(page: Page, place: str) -> None:
    page.goto(f"/{place}/0f8fad5b-d9cb-469f-a165-70867728950e")
    expect(page.get_by_role("alert")).to_contain_text("There is no")
    expect(page.get_by_role("heading", level=1)).to_be_visible()
    page.get_by_role("main").get_by_role("link", name="All ").click()
    page.wait_for_url(f"**/{place}")


def test_while_nothing_is_watched_the_overview_shows_the_way_on(page: Page) -> None:
    page.goto("/")
    page.get_by_role("link", name="Set up Nightclerk").click()
    expect(page.get_by_role("heading", level=1)).to_have_text("Set up Nightclerk")
