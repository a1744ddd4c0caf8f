"""The dashboard in a real Chromium, before the API with its topics and store in memory.

A page that breaks the content security policy, logs an error or asks another host fails its test.
"""

import shutil
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass

import pytest
import uvicorn
from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import (
    Browser,
    BrowserContext,
    ConsoleMessage,
    Page,
    expect,
    sync_playwright,
)

from schemas.base import Message
from services.api import app
from services.api.routes.dashboard import DIST
from services.local.ports import free_ports
from tests.unit.api.conftest import Api, empty_database, make_api
from tests.unit.api.test_events import put
from tests.waiting import wait_until
from tests.web.world import World, at_now, fill, sign_in

__all__ = ["empty_database", "make_api"]
CHROMIUM = shutil.which("chromium") or shutil.which("chromium-browser")
FLAGS = [
    "--no-sandbox",
    "--disable-gpu",
    "--disable-dev-shm-usage",
    "--use-fake-device-for-media-stream",
    "--use-fake-ui-for-media-stream",
]
PATIENCE_MS = 30_000
expect.set_options(timeout=PATIENCE_MS)
OF_THE_NETWORK = ("Failed to load resource", "WebSocket connection to")
SERIOUS = ("serious", "critical")


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    why = "no chromium on PATH (Debian: chromium)" if CHROMIUM is None else ""
    why = why or ("" if DIST.is_dir() else "the dashboard is not built (make web)")
    for item in items:
        if "tests/web/" not in item.path.as_posix():
            continue
        item.add_marker(pytest.mark.integration)
        if why:
            item.add_marker(pytest.mark.skip(reason=why))


@pytest.fixture(scope="session")
def chromium() -> Iterator[Browser]:
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=CHROMIUM, args=FLAGS)
        yield browser
        browser.close()


@dataclass
class Site:
    """An API that is served; `url` is where."""

    api: Api
    url: str

    def happens(self, *messages: Message) -> None:
        """Messages as the pipeline would bring them: into the tables and the streams."""
        self.api.project(*messages)
        put(self.api.broker, *messages)


@contextmanager
def served(api: Api) -> Iterator[Site]:
    """The web application on a port of its own."""
    port = free_ports(1)[0]
    config = uvicorn.Config(
        app.build(api.tools),
        port=port,
        log_config=None,
        access_log=False,
        timeout_graceful_shutdown=5,
    )
    server = uvicorn.Server(config)
    thread = threading.Thread(target=server.run)
    thread.start()
    try:
        wait_until(lambda: server.started)
        yield Site(api, f"http://127.0.0.1:{port}")
    finally:
        server.should_exit = True  # whoever still asks the database is waited for
        thread.join(30)


@pytest.fixture
def site(make_api: Callable[..., Api]) -> Iterator[Site]:
    with served(make_api()) as site:
        yield site


@pytest.fixture
def open_context(chromium: Browser, site: Site) -> Iterator[Callable[..., BrowserContext]]:
    """Makes a browser of its own, with its cookies: `open_context(locale="ko")`."""
    contexts: list[BrowserContext] = []

    def make(**options: object) -> BrowserContext:
        context = chromium.new_context(base_url=site.url, **({"locale": "en-GB"} | options))
        context.set_default_timeout(PATIENCE_MS)
        contexts.append(context)
        return context

    yield make
    for context in contexts:
        context.close()


@pytest.fixture
def page(open_context: Callable[..., BrowserContext]) -> Iterator[Page]:
    with watched(open_context().new_page()) as page:
        yield page


@contextmanager
def watched(page: Page) -> Iterator[Page]:
    """Fails at its end where the page broke, or logged an error that is none of the network's."""
    faults: list[str] = []

    def log(message: ConsoleMessage) -> None:
        if message.type == "error" and not message.text.startswith(OF_THE_NETWORK):
            faults.append(message.text)

    page.on("console", log)
    page.on("pageerror", lambda error: faults.append(str(error)))
    yield page
    assert faults == []


def require_accessible(page: Page) -> None:
    """No serious issue by axe (WCAG 2.2 AA)."""
    found = Axe().run(page, options={"runOnly": ["wcag2a", "wcag2aa", "wcag21aa", "wcag22aa"]})
    serious = [
        f"{issue['id']}: {issue['help']}: {[node['html'] for node in issue['nodes']]}"
        for issue in found.response["violations"]
        if issue["impact"] in SERIOUS
    ]
    assert serious == []


def require_fits(page: Page) -> None:
    """Nothing makes the page scroll sideways."""
    wide = page.evaluate("document.documentElement.scrollWidth - window.innerWidth")
    assert wide <= 0, f"{page.url} is {wide} px too wide"


@dataclass
class Inhabited(Site):
    """A site with the world of tests/web/world.py behind it."""

    world: World


@pytest.fixture
def inhabited(make_api: Callable[..., Api]) -> Iterator[Inhabited]:
    """Without pictures and films; whoever needs them calls `fill` themselves."""
    api = make_api(secret_key="a key of the world")
    world = fill(api, with_footage=False)
    with served(api) as site:
        yield Inhabited(site.api, site.url, world)


@pytest.fixture
def owner_page(chromium: Browser, inhabited: Inhabited) -> Iterator[Page]:
    """The owner of the world's chain, logged in, at the world's time."""
    context = chromium.new_context(base_url=inhabited.url, locale="en-GB")
    context.set_default_timeout(PATIENCE_MS)
    at_now(context)
    sign_in(context, inhabited.api, inhabited.world.owner, inhabited.url)
    with watched(context.new_page()) as page:
        yield page
    context.close()
