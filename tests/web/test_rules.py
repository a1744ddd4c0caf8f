"""Channels and policies: a test is seen arriving, a policy is tried before it is saved."""

import re
from collections.abc import Callable, Iterator
from uuid import UUID

import pytest
from playwright.sync_api import BrowserContext, Page, expect

from schemas.deliveries import DeliveryAttempted, DeliveryRequested
from schemas.topics import DELIVERY_REQUESTS
from tests.unit.api.builders import delivered
from tests.unit.api.conftest import NOW, Api
from tests.unit.api.people import browser
from tests.waiting import wait_until
from tests.web import world
from tests.web.conftest import Site, require_accessible, require_fits, served

HOOK = {"channel": "webhook", "name": "Control room", "address": "https://93.184.216.34/hook"}


@pytest.fixture
def site(make_api: Callable[..., Api]) -> Iterator[Site]:
    with served(make_api(secret_key="a key for tests")) as site:
        yield site


def attempted(request: DeliveryRequested, target_id: str, **fields: object) -> DeliveryAttempted:
    """What the alerts service tells of a test."""
    content = {"status": 200, "response": "thank you", "took_ms": 84, "attempted_at": NOW}
    return delivered(
        delivery_id=request.request_id,
        alert_id=request.request_id,
        source_id=UUID(target_id),
        target_id=UUID(target_id),
        channel="webhook",
        target="https://93.184.216.34",
        purpose="test",
        **content | fields,
    )


def test_a_webhook_is_added_and_a_test_is_seen_arriving(page: Page, site: Site) -> None:
    page.goto("/channels")
    expect(page.get_by_role("heading", name="Nobody is notified yet")).to_be_visible()
    page.get_by_role("button", name="Add a channel").click()
    page.get_by_label("Channel", exact=True).select_option("webhook")
    page.get_by_role("textbox", name="Name").fill("Control room")
    page.get_by_label("URL that takes the messages").fill("https://93.184.216.34/hook")
    page.get_by_text("Which alerts").click()
    page.get_by_label("Critical").check()
    page.get_by_label("Camera offline").check()
    page.get_by_label("Hours", exact=True).select_option("certain")
    for day in ("Monday", "Tuesday", "Wednesday", "Thursday", "Friday"):
        page.get_by_role("button", name=f"{day}: remove these hours").click()
    page.get_by_role("button", name="Add", exact=True).click()
    expect(page.get_by_text("whsec_")).to_be_visible()
    page.get_by_role("button", name="I have it").click()
    row = page.get_by_role("link", name="Control room")
    expect(row).to_contain_text("Critical · Camera offline")
    expect(row).to_contain_text(re.compile(r"Sat.Sun 22:00.06:00 \(next day\)"))
    target_id = str(row.get_attribute("href")).rpartition("/")[2]
    row.click()
    page.get_by_role("button", name="Change", exact=True).click()
    expect(page.get_by_label("Camera offline")).to_be_checked()
    page.get_by_label("By the clock of").select_option("Asia/Seoul")
    page.get_by_role("button", name="Sunday: remove these hours").click()
    page.get_by_role("button", name="Save").click()
    expect(page.get_by_text(re.compile("Sat 22:00.06:00 .next day., Asia/Seoul"))).to_be_visible()
    page.get_by_role("button", name="Send a test").click()
    expect(page.get_by_text("The test is on its way…")).to_be_visible()
    wait_until(lambda: site.api.publisher.messages(DELIVERY_REQUESTS) != [])
    [request] = site.api.publisher.messages(DELIVERY_REQUESTS)
    assert isinstance(request, DeliveryRequested)
    site.happens(attempted(request, target_id))
    attempt = page.get_by_role("row", name="Test")
    expect(attempt).to_contain_text("Delivered")
    expect(attempt).to_contain_text("200")
    page.get_by_role("button", name="Exchange the secret").click()
    page.get_by_role("button", name="I have it").click()
    expect(page.get_by_text("Two secrets sign")).to_be_visible()


def test_a_policy_is_tried_on_the_last_week_and_then_saved(
    open_context: Callable[..., BrowserContext], site: Site
) -> None:
    filled = world.fill(site.api, with_footage=False)
    context = open_context()
    world.at_now(context)
    world.sign_in(context, site.api, filled.owner, site.url)
    page = context.new_page()
    page.goto("/policies")
    rule = page.get_by_role("listitem").filter(has_text="fight").first
    expect(rule).to_contain_text("From the model")
    rule.get_by_role("button", name="Override here").click()
    dialog = page.get_by_role("dialog")
    dialog.get_by_label("High mark").fill("0.5")
    dialog.get_by_label("Low mark").fill("0.3")
    dialog.get_by_label("k windows").fill("1")
    dialog.get_by_role("button", name="Apply").click()
    expect(rule).to_contain_text("Different here")
    page.get_by_role("button", name="Preview the last week").click()
    expect(page.get_by_role("row", name="All cameras")).to_be_visible()
    preview = page.get_by_role("region", name="The last week with it").get_by_role("table")
    expect(preview.get_by_role("cell", name="0 / 0", exact=True).first).to_be_visible()
    expect(preview.get_by_role("cell", name="–", exact=True)).to_have_count(0)  # noqa: RUF001
    page.get_by_role("button", name="Save").click()
    expect(page.get_by_text("Saved: in force within seconds")).to_be_visible()
    expect(page.get_by_text("Not saved yet")).to_be_hidden()
    page.get_by_role("link", name="Camera", exact=True).click()
    expect(rule).to_contain_text("Chain")
    rule.get_by_role("button", name="Mute").click()
    page.get_by_role("button", name="Save").click()
    expect(rule).to_contain_text("Muted here")
    page.reload()
    expect(rule).to_contain_text("Muted here")


@pytest.mark.parametrize(("width", "scheme"), [(360, "light"), (1280, "dark")])
def test_its_pages_are_accessible_and_fit(
    open_context: Callable[..., BrowserContext], site: Site, width: int, scheme: str
) -> None:
    filled = world.fill(site.api, with_footage=False)
    size = {"width": width, "height": 800}
    context = open_context(color_scheme=scheme, viewport=size)
    world.at_now(context)
    world.sign_in(context, site.api, filled.owner, site.url)
    page = context.new_page()
    hook = browser(site.api, filled.owner).post("/api/v1/targets", json=HOOK).json()
    made = hook["target"]["target_id"]
    target = {"target_id": UUID(made), "source_id": UUID(made), "channel": "webhook"}
    site.happens(delivered(1, "retrying", purpose="test", detail="HTTP 503", **target))
    for path, name in (
        ("/channels", "Channels"),
        (f"/channels/{made}", "Control room"),
        ("/policies", "Policies"),
        ("/policies?scope=store", "Policies"),
    ):
        page.goto(path)
        expect(page.get_by_role("heading", name=name, exact=True)).to_be_visible()
        page.wait_for_load_state("networkidle")
        require_fits(page)
        require_accessible(page)
