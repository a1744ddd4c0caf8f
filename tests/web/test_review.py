"""Overview, review queue, alerts and search, in a world of three stores and a week."""

from collections.abc import Callable, Iterator
from contextlib import ExitStack
from pathlib import Path

import pytest
from playwright.sync_api import Browser, Page, expect

from schemas.alerts import AlertOpened
from schemas.policies import PRESENCE
from services.api.access.users import NewUser
from tests.unit.api.builders import alert
from tests.unit.api.conftest import apis
from tests.unit.api.people import browser
from tests.waiting import wait_until
from tests.web.cast import BEGIN
from tests.web.conftest import (
    PATIENCE_MS,
    Inhabited,
    require_accessible,
    require_fits,
    served,
    watched,
)
from tests.web.world import at_now, fill, sign_in

PAGES = ("/", "/review", "/alerts?severity=critical")


@pytest.fixture(scope="module")
def town(empty_database: bytes, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Inhabited]:
    """One world for all tests here: each of them looks at something of its own."""
    folder: Path = tmp_path_factory.mktemp("town")
    with apis(empty_database, folder) as make:
        api = make(secret_key="a key of the world")
        world = fill(api, with_footage=False)
        with served(api) as site:
            yield Inhabited(site.api, site.url, world)


@pytest.fixture
def opened(chromium: Browser, town: Inhabited) -> Iterator[Callable[..., Page]]:
    """Opens a page in a browser of that person's."""
    with ExitStack() as until_end:

        def make(person: NewUser | None = None, **options: object) -> Page:
            context = chromium.new_context(**({"base_url": town.url, "locale": "en-GB"} | options))
            until_end.callback(context.close)
            context.set_default_timeout(PATIENCE_MS)
            at_now(context)
            sign_in(context, town.api, person or town.world.owner, town.url)
            return until_end.enter_context(watched(context.new_page()))

        yield make


def shown(page: Page) -> str:
    """The incident that lies on the desk."""
    page.wait_for_url("**/review?*incident=*")
    expect(page.get_by_role("region", name="The incident", exact=True)).to_be_visible()
    return page.url.rpartition("incident=")[2].partition("&")[0]


@pytest.mark.parametrize(("width", "scheme"), [(360, "light"), (1280, "dark")])
def test_is_accessible_and_fits(
    opened: Callable[..., Page], town: Inhabited, width: int, scheme: str
) -> None:
    page = opened(color_scheme=scheme, viewport={"width": width, "height": 800})
    for path in (*PAGES, f"/alerts/{town.world.alerts[-1].alert_id}"):
        page.goto(path)
        expect(page.get_by_role("heading", level=1)).to_be_visible()
        expect(page.get_by_role("status", name="Loading")).to_have_count(0)
        require_fits(page)
        require_accessible(page)


def test_a_verdict_by_key_leads_on_and_is_undone_by_key(
    opened: Callable[..., Page], town: Inhabited
) -> None:
    page, client = opened(), browser(town.api, town.world.owner)
    page.goto("/review")
    first = shown(page)

    def verdict() -> str | None:
        found = client.get(f"/api/v1/alerts/{first}/review").json()["verdict"]
        return None if found is None else str(found)

    page.keyboard.press("r")
    expect(page.get_by_label("Reason")).to_be_focused()
    page.keyboard.type("the cleaner")
    expect(page.get_by_label("Reason")).to_have_value("the cleaner")
    page.keyboard.press("Escape")
    page.keyboard.press("f")
    expect(page.get_by_text("A false alarm.")).to_be_visible()
    page.wait_for_url(lambda url: first not in url)
    assert verdict() == "false"
    page.keyboard.press("u")
    page.wait_for_url(lambda url: first in url)
    wait_until(lambda: verdict() is None)


def test_two_people_never_lie_at_the_same_incident(
    opened: Callable[..., Page], town: Inhabited
) -> None:
    one, other = (opened(person) for person in town.world.people[1:])
    one.goto("/review")
    mine = shown(one)
    other.goto("/review")
    assert shown(other) != mine
    other.goto(f"/review?incident={mine}")
    expect(other.get_by_text("jiho@moonlight.example has it until")).to_be_visible()
    expect(other.get_by_role("button", name="True alarm")).to_have_count(0)


def test_whoever_closes_the_tab_leaves_the_incident_to_others(
    opened: Callable[..., Page], town: Inhabited
) -> None:
    page, client = opened(), browser(town.api, town.world.people[1])
    page.goto("/review")
    mine = shown(page)

    def claimed() -> bool:
        incidents = client.get("/api/v1/review-queue", params={"limit": 200}).json()["items"]
        return any(one["incident_id"] == mine and one["claim"] for one in incidents)

    wait_until(claimed)
    page.goto("about:blank")
    wait_until(lambda: not claimed())


def test_all_is_marked_as_seen_by_key_and_undone(
    opened: Callable[..., Page], town: Inhabited
) -> None:
    page, client = opened(), browser(town.api, town.world.owner)

    def unseen() -> int:
        asked = {"acknowledged": False, "severity": "info", "limit": 200}
        return len(client.get("/api/v1/alerts", params=asked).json()["items"])

    before = unseen()
    assert before > 0
    page.goto("/review?severity=info")
    shown(page)
    page.keyboard.press("Shift+A")
    expect(page.get_by_text(f"{before} marked as seen.")).to_be_visible()
    assert unseen() == 0
    page.keyboard.press("u")
    wait_until(lambda: unseen() == before)


def test_a_search_stands_in_the_address_and_new_alerts_appear_in_it(
    opened: Callable[..., Page], town: Inhabited
) -> None:
    page = opened()
    page.goto("/alerts")
    page.get_by_label("Severity").select_option("info")
    page.get_by_label("Label").fill("A raccoon")
    page.wait_for_url("**/alerts?*label=A+raccoon*")
    page.reload()
    expect(page.get_by_text("Nothing matches")).to_be_visible()
    camera = town.world.cameras[0]
    town.happens(
        alert(
            AlertOpened,
            None,
            5,
            source_id=camera.source_id,
            source_kind="camera",
            origin_at=BEGIN,
            label="A raccoon",
            severity="info",
            model_id=PRESENCE,
        )
    )
    found = page.get_by_role("list", name="Alerts").get_by_role("link")
    expect(found).to_have_count(1)
    found.click()
    expect(page.get_by_role("heading", name="A raccoon", level=1)).to_be_visible()
    expect(page.get_by_role("definition").filter(has_text="Station Road")).to_be_visible()
    expect(page.get_by_role("definition").filter(has_text="People in the picture")).to_be_visible()
    expect(page.get_by_text("Highest score")).to_have_count(0)
