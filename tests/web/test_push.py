"""Web Push from the page's button to the notification that a browser shows.

The push service between is a receiver of ours: Chromium subscribes with Google's alone. What stands
in for it gives the page a subscription whose keys the test has, and hands what it was sent to the
page's service worker as Chromium itself would.
"""

import json
from collections.abc import Callable, Iterator
from typing import Any
from urllib.parse import urlsplit

import pytest
from playwright.sync_api import BrowserContext, CDPSession, Page, expect

from schemas.targets import TargetConfigured
from schemas.topics import TARGETS
from services.alerts.channels.posting import Poster
from services.alerts.channels.webpush import WebPushChannel
from services.alerts.targets import TargetDirectory
from services.chassis.clock import SystemClock
from services.chassis.deadline import BoundedCalls
from services.chassis.webpush import vapid_key
from services.local.receivers import WebhookReceiver
from tests.pushes import Subscription, claims_of
from tests.unit.alerts.room import alert, notice
from tests.unit.api.conftest import Api
from tests.waiting import wait_until
from tests.web.conftest import Site, served, watched

STAND_IN = """
PushManager.prototype.subscribe = async ({ userVisibleOnly, applicationServerKey }) => {
  window.asked = { userVisibleOnly, applicationServerKey };
  return { toJSON: () => (%s) };
};
"""


@pytest.fixture
def site(make_api: Callable[..., Api]) -> Iterator[Site]:
    with served(make_api(secret_key="a key for tests", target_networks="loopback")) as site:
        yield site


def test_an_alert_becomes_a_notification_of_the_browser_that_subscribed(
    site: Site, open_context: Callable[..., BrowserContext]
) -> None:
    context = open_context()
    context.grant_permissions(["notifications"], origin=site.url)
    with WebhookReceiver() as service, watched(context.new_page()) as page:
        browser = Subscription(service.url)
        page.add_init_script(STAND_IN % json.dumps(browser.as_json))
        _subscribe(page)
        _send(site)
        (push,) = service.inbox.wait_for(1)
        asked = page.evaluate("window.asked")
        assert asked["userVisibleOnly"]
        claims = claims_of(push, asked["applicationServerKey"])
        parts = urlsplit(service.url)
        assert claims["aud"] == f"{parts.scheme}://{parts.netloc}"
        content = browser.opened(push)
        assert content["alert_id"] == str(alert().alert_id)
        _deliver(context, page, site, content)
        shown = _notifications(page)
    assert shown == [{"title": content["title"], "tag": content["alert_id"], "url": content["url"]}]


def _subscribe(page: Page) -> None:
    page.goto("/channels")
    page.get_by_role("button", name="Add a channel").click()
    page.get_by_label("Channel", exact=True).select_option("webpush")
    page.get_by_role("textbox", name="Name").fill("My phone")
    page.get_by_role("button", name="Add", exact=True).click()
    expect(page.get_by_role("link", name="My phone")).to_be_visible()


def _send(site: Site) -> None:
    """As the alerts service does with what `targets.v1` says, its seals opened."""
    tools = site.api.tools
    directory = TargetDirectory((), tools.sealing)
    wait_until(lambda: site.api.publisher.messages(TARGETS) != [])
    for message in site.api.publisher.messages(TARGETS):
        assert isinstance(message, TargetConfigured)
        directory.on_target(str(message.target_id), message)
    (target,) = directory.all()
    channel = WebPushChannel(
        lambda: vapid_key(tools.engine, tools.sealing),
        "night@shop.example",
        Poster(SystemClock()),
        tools.settings.endpoints,
    )
    about = notice(target=target)
    assert BoundedCalls().run(60.0, lambda end: channel.send(about, end)).delivered


def _deliver(context: BrowserContext, page: Page, site: Site, content: dict[str, Any]) -> None:
    """To the page's service worker, decrypted, as browsers do."""
    session: CDPSession = context.new_cdp_session(page)
    registered: list[str] = []

    def note(event: dict[str, Any]) -> None:
        registered.extend(each["registrationId"] for each in event["registrations"])

    session.on("ServiceWorker.workerRegistrationUpdated", note)
    session.send("ServiceWorker.enable")
    wait_until(lambda: page.evaluate("true") and registered != [])
    pushed = {
        "origin": site.url,
        "registrationId": registered[-1],
        "data": json.dumps(content, ensure_ascii=False),
    }
    session.send("ServiceWorker.deliverPushMessage", pushed)


def _notifications(page: Page) -> list[dict[str, Any]]:
    """Those that the browser shows, once there are any.

    Asked again by us: `wait_for_function` takes the promise of an async predicate for a yes.
    """
    found: list[dict[str, Any]] = []

    def look() -> bool:
        found[:] = page.evaluate(
            """async () => {
              const all = await (await navigator.serviceWorker.ready).getNotifications();
              return all.map(({ title, tag, data }) => ({ title, tag, url: data.url }));
            }"""
        )
        return found != []

    wait_until(look)
    return found
