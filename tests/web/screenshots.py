"""A picture of every page, in both languages and themes, of a phone and a desk: `make screenshots`.

Korean takes a font that has it, such as Debian's fonts-nanum; without one there are boxes.

usage: python -m tests.web.screenshots [folder] [name of a page ...]
"""

import sys
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from itertools import product
from pathlib import Path

from playwright.sync_api import Browser, Page, sync_playwright
from sqlalchemy import update

from services.api.access.tables import users
from services.api.access.tenants import ensure_default
from services.chassis.storage import database
from services.chassis.storage.migrations import upgrade
from tests.unit.api.conftest import NOW, Api, apis
from tests.unit.api.test_live import put
from tests.waiting import wait_until
from tests.web.cast import OFFLINE
from tests.web.conftest import CHROMIUM, FLAGS, PATIENCE_MS, Inhabited, Site, served
from tests.web.screens import SCREENS, Screen
from tests.web.world import at_now, fill, sign_in
from tests.web.world_films import filmed

LANGUAGES = {"en": "en-GB", "ko": "ko-KR"}
THEMES = "dark", "light"
WIDTHS = {390: 844, 1440: 900}
SETTLES_MS = 1_500
"""After the last answer: films show a picture, curves are drawn."""


def main() -> None:
    folder = Path(sys.argv[1] if len(sys.argv) > 1 else "build/screenshots")
    wanted = [screen for screen in SCREENS if not sys.argv[2:] or screen.name in sys.argv[2:]]
    folder.mkdir(parents=True, exist_ok=True)
    with town() as site, sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=CHROMIUM, args=FLAGS)
        for language, theme, width in product(LANGUAGES, THEMES, WIDTHS):
            _speak(site.api, language)
            for path in _pictures(browser, site, wanted, (language, theme, width), folder):
                print(path)  # noqa: T201
        browser.close()


@contextmanager
def town() -> Iterator[Inhabited]:
    """The world with its footage, served."""
    with empty() as site:
        yield Inhabited(site.api, site.url, fill(site.api))


@contextmanager
def empty() -> Iterator[Site]:
    """An API that knows nothing yet, served."""
    with tempfile.TemporaryDirectory(prefix="nightclerk-") as name:
        path = Path(name) / "empty.db"
        upgrade(f"sqlite:///{path}")
        engine = database.connect(f"sqlite:///{path}")
        ensure_default(engine, NOW)
        with engine.connect() as connection:
            connection.exec_driver_sql("PRAGMA wal_checkpoint(TRUNCATE)")
        engine.dispose()
        with (
            apis(path.read_bytes(), Path(name)) as make,
            served(make(secret_key="a key of the world")) as site,
        ):
            yield site


def _speak(api: Api, language: str) -> None:
    with api.engine.begin() as connection:
        connection.execute(update(users).values(language=language))


def _show(page: Page, site: Inhabited) -> None:
    """What is shown now comes again until the page has it: it hears of nothing that came before."""
    cameras = [camera for camera in site.world.cameras if camera.number != OFFLINE]
    drawn = (
        "[...document.querySelectorAll('canvas[role=img]')]"
        ".some(c => c.getContext('2d').getImageData(9, 9, 1, 1).data[3])"
    )

    def is_drawn() -> bool:
        put(site.api, *map(filmed, cameras))
        return bool(page.evaluate(drawn))

    wait_until(is_drawn)


def _pictures(
    browser: Browser,
    site: Inhabited,
    screens: list[Screen],
    look: tuple[str, str, int],
    folder: Path,
) -> Iterator[Path]:
    """Each screen in a context of its own, so that none sees what another left behind."""
    language, theme, width = look
    for screen in screens:
        context = browser.new_context(
            base_url=site.url,
            locale=LANGUAGES[language],
            color_scheme="dark" if theme == "dark" else "light",
            viewport={"width": width, "height": WIDTHS[width]},
        )
        context.set_default_timeout(PATIENCE_MS)
        at_now(context)
        if not screen.is_public:
            sign_in(context, site.api, site.world.owner, site.url)
        page = context.new_page()
        page.goto(screen.path(site.world))
        page.locator("h1").first.wait_for()  # a dialog may lie over it
        screen.prepare(page)
        if screen.is_live:
            _show(page, site)
        for edge in ("document.body.scrollHeight", "0"):  # pictures load as one comes near
            page.evaluate(f"scrollTo(0, {edge})")
            page.wait_for_timeout(SETTLES_MS / 3)
        page.wait_for_timeout(SETTLES_MS)
        path = folder / f"{screen.name}-{language}-{theme}-{width}.png"
        page.screenshot(path=path, full_page=True)
        yield path
        context.close()


if __name__ == "__main__":
    main()
