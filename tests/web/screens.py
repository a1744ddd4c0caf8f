"""Every page of the dashboard, for `make screenshots`: its name, where it is in the world, and what
is to be done before it is worth a picture.
"""

from collections.abc import Callable
from dataclasses import dataclass

from playwright.sync_api import Page

from tests.web.world import World


def _as_it_is(page: Page) -> None:
    """Nothing to be done."""


@dataclass(frozen=True)
class Screen:
    """`path` gets the world; `prepare` returns once the page shows what is to be seen."""

    name: str
    path: Callable[[World], str]
    prepare: Callable[[Page], None] = _as_it_is
    is_public: bool = False
    """Shown to somebody who is not logged in."""


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
    Screen("policies", lambda _: "/policies"),
    Screen("policies-camera", lambda _: "/policies?scope=source"),
)
