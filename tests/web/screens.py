"""Every page of the dashboard, for `make screenshots`: its name, where it is in the world, and what
is to be done before it is worth a picture.
"""

from collections.abc import Callable
from dataclasses import dataclass

from playwright.sync_api import Page

from tests.web.world import World


def _as_it_is(page: Page) -> None:
    """Nothing to be done."""


def _with_a_filter(page: Page) -> None:
    """The form of a channel, unfolded, with hours of the week."""
    page.locator("main button").first.click()
    dialog = page.get_by_role("dialog")
    dialog.locator("summary").first.click()
    dialog.locator("details select").first.select_option("certain")
    dialog.locator("input[type=time]").first.wait_for()


def _with_a_holiday(page: Page) -> None:
    """The form of a store, unfolded, with a day that differs."""
    page.locator("main li button").first.click()
    dialog = page.get_by_role("dialog")
    for folded in dialog.locator("summary").all():
        folded.click()
    dialog.locator("input[type=date]").fill("2026-12-25")
    dialog.locator("details").last.locator("button").last.click()
    dialog.locator("details").last.locator("fieldset button").first.click()


def _compared(page: Page) -> None:
    """Two runs are laid side by side once that is asked for."""
    page.locator("table").first.wait_for()


@dataclass(frozen=True)
class Screen:
    """`path` gets the world; `prepare` returns once the page shows what is to be seen."""

    name: str
    path: Callable[[World], str]
    prepare: Callable[[Page], None] = _as_it_is
    is_public: bool = False
    """Shown to somebody who is not logged in."""
    is_live: bool = False
    """Shows what cameras show now."""


def _of_a_camera(tab: str, number: int = 0) -> Callable[[World], str]:
    return lambda world: f"/cameras/{world.cameras[number].source_id}?tab={tab}"


SCREENS = (
    Screen("overview", lambda _: "/"),
    Screen("review", lambda world: f"/review?incident={world.alerts[-10].alert_id}"),
    Screen("alerts", lambda _: "/alerts"),
    Screen("alert", lambda world: f"/alerts/{world.alerts[-1].alert_id}"),
    Screen("uploads", lambda _: "/videos"),
    Screen("video", lambda world: f"/videos/{world.video_id}?t=4"),
    Screen("albums", lambda _: "/albums"),
    Screen("album", lambda world: f"/albums/{world.album_id}"),
    Screen("channels", lambda _: "/channels"),
    Screen("channel", lambda world: f"/channels/{world.target_id}"),
    Screen("channel-form", lambda _: "/channels", _with_a_filter),
    Screen("policies", lambda _: "/policies"),
    Screen("policies-camera", lambda _: "/policies?scope=source"),
    Screen("wall", lambda _: "/wall", is_live=True),
    Screen("cameras", lambda _: "/cameras"),
    Screen("camera", _of_a_camera("live"), is_live=True),
    Screen("camera-areas", _of_a_camera("areas", 1), is_live=True),
    Screen("camera-policy", _of_a_camera("policy")),
    Screen("camera-health", _of_a_camera("history")),
    Screen("camera-outages", _of_a_camera("history", 5)),
    Screen("camera-settings", _of_a_camera("settings")),
    Screen(
        "camera-calibration", lambda world: f"/cameras/{world.cameras[4].source_id}?tab=calibration"
    ),
    Screen("webcam", lambda _: "/webcam"),
    Screen("link", lambda _: "/link"),
    Screen("timeline", lambda world: f"/timeline?store={world.store_ids[0]}"),
    Screen("models", lambda _: "/models"),
    Screen("model", lambda world: f"/models/{world.detector}"),
    Screen("replays", lambda _: "/replays"),
    Screen("replay", lambda world: f"/replays/{world.replay_run}", _compared),
    Screen("replay-start", lambda _: "/replays?start=true"),
    Screen("comparison", lambda world: f"/comparison?run={world.replay_run}", _compared),
    Screen("calibration", lambda _: "/calibration"),
    Screen("learning", lambda world: f"/learning?store={world.store_ids[1]}"),
    Screen("dead-letters", lambda _: "/dead-letters"),
    Screen("people", lambda _: "/people"),
    Screen("stores", lambda _: "/stores"),
    Screen("store-form", lambda _: "/stores", _with_a_holiday),
    Screen("keys", lambda _: "/keys"),
    Screen("account", lambda _: "/account"),
    Screen("audit", lambda _: "/audit"),
    Screen("settings", lambda _: "/settings"),
    Screen("settings-store", lambda world: f"/settings?store={world.store_ids[0]}"),
    Screen("set-up-store", lambda _: "/setup?step=store"),
    Screen("set-up-camera", lambda _: "/setup?step=camera"),
    Screen("set-up-check", lambda _: "/setup?step=check"),
    Screen("sign-in", lambda _: "/sign-in", is_public=True),
    Screen("forgotten", lambda _: "/reset/forgotten", is_public=True),
    Screen("missing", lambda _: "/no/such/page"),
)
