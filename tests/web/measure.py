"""How smooth the dashboard is in Chromium: `python -m tests.web.measure` prints one JSON object.

The overview is opened for the first time, a month of 20 cameras is panned, 50 alerts a minute
arrive on an open list. Figures, not tests:
they are the machine's as much as ours, so its load stands beside them.
"""

import itertools
import json
import os
import time
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import timedelta

from playwright.sync_api import Browser, Page, sync_playwright
from sqlalchemy import insert

from schemas import ids
from schemas.alerts import AlertOpened
from services.api.bench.cameras import BEGIN, DAY, Camera, write_scores
from services.api.tables import score_series
from tests.unit.api.builders import alert, configured
from tests.unit.api.conftest import Api
from tests.web.conftest import CHROMIUM, FLAGS, Site
from tests.web.screenshots import empty

CAMERAS, DAYS = 20, 30
PANNED_S, LISTENED_S = 5.0, 30.0
ALERTS_A_MINUTE = 50
IDLE_MS = 500
"""So long nothing is asked for before the network counts as idle."""
FRAMES = """() => {
    const frames = [];
    window.frames_ = frames;
    const tick = (now) => { frames.push(now); requestAnimationFrame(tick); };
    requestAnimationFrame(tick);
}"""
LONG_TASKS = """() => {
    window.tasks_ = [];
    new PerformanceObserver((list) => tasks_.push(...list.getEntries().map((e) => e.duration)))
        .observe({ entryTypes: ["longtask"] });
}"""


def main() -> None:
    load = os.getloadavg()[0]
    with empty() as site, sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=CHROMIUM, args=FLAGS)
        fill(site.api)
        found = loaded(browser, site) | panned(browser, site) | listened(browser, site)
        browser.close()
    print(json.dumps(found | {"load": {"before": load, "after": os.getloadavg()[0]}}))  # noqa: T201


def fill(api: Api) -> None:
    """A month of cameras with a score each clip."""
    store = ids.default_store(ids.DEFAULT_TENANT)
    for number in range(CAMERAS):
        camera = Camera(number)
        whose = {"tenant_id": ids.DEFAULT_TENANT, "store_id": store, "origin_at": BEGIN}
        api.project(configured(f"Camera {number}", source_id=camera.uuid, **whose))
        clips = camera.series.index_from(BEGIN + DAYS * DAY)
        extent = {"first_at": BEGIN, "last_at": camera.series.moment(clips - 1)}
        totals = {"series_id": camera.series.series_id, "clips": clips, "top": 1.0}
        with api.engine.begin() as connection:
            connection.execute(insert(score_series).values(camera.series.row() | totals | extent))
            write_scores(connection, camera, clips)


def loaded(browser: Browser, site: Site) -> dict[str, float]:
    """From nothing in the cache to the overview with its figures, by the page's own clock."""
    with opened(browser, site, "/") as page:
        page.get_by_role("heading", level=1).first.wait_for()
        page.wait_for_load_state("networkidle")
        marks = "performance.getEntriesByType('paint').at(-1).startTime"
        painted, idle = page.evaluate(f"[{marks}, performance.now()]")
    return {"first_paint_ms": round(painted, 1), "first_idle_ms": round(idle - IDLE_MS, 1)}


def panned(browser: Browser, site: Site) -> dict[str, float]:
    """Frames a second while a month of all cameras is dragged to and fro."""
    with opened(browser, site, "/timeline") as page:
        middle, span_s = BEGIN + DAYS * DAY / 2, DAYS * DAY / timedelta(seconds=1)
        page.goto(f"/timeline?at={middle:%Y-%m-%dT%H:%M:%SZ}&span={span_s:.0f}")
        chart = page.locator("canvas").first
        chart.wait_for()
        page.wait_for_load_state("networkidle")
        box = chart.bounding_box()
        assert box is not None
        x, y = box["x"] + box["width"] / 2, box["y"] + box["height"] / 2
        page.evaluate(FRAMES)
        page.mouse.move(x, y)
        page.mouse.down()
        begun = time.monotonic()
        while (since := time.monotonic() - begun) < PANNED_S:
            page.mouse.move(x + 300 * (since % 2 - 1), y)
        page.mouse.up()
        frames = page.evaluate("frames_")
    gaps = sorted(later - earlier for earlier, later in itertools.pairwise(frames))
    rate = 1000 * len(gaps) / sum(gaps)
    slowest = gaps[int(0.95 * len(gaps))]
    return {"pan_frames_per_s": round(rate, 1), "pan_frame_p95_ms": round(slowest, 1)}


def listened(browser: Browser, site: Site) -> dict[str, float]:
    """How long the page is deaf to its user while alerts arrive on the list of alerts."""
    with opened(browser, site, "/alerts") as page:
        page.get_by_role("heading", level=1).first.wait_for()
        page.evaluate(LONG_TASKS)
        for number in range(int(ALERTS_A_MINUTE * LISTENED_S / 60)):
            camera = Camera(number % CAMERAS).uuid
            source = {"source_id": camera, "source_kind": "camera", "origin_at": BEGIN}
            site.happens(alert(AlertOpened, opening=number + 2, **source))
            page.wait_for_timeout(60_000 / ALERTS_A_MINUTE)
        tasks = page.evaluate("tasks_")
    return {
        "alerts_long_tasks": len(tasks),
        "alerts_longest_task_ms": round(max(tasks, default=0.0), 1),
    }


@contextmanager
def opened(browser: Browser, site: Site, path: str) -> Iterator[Page]:
    page = browser.new_page(base_url=site.url, viewport={"width": 1440, "height": 900})
    page.goto(path)
    yield page
    page.close()


if __name__ == "__main__":
    main()
