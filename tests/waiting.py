"""Waiting for what must happen in the end, with a bound, and no fixed sleep."""

import threading
import time
from collections.abc import Callable
from typing import Any

import httpx

from services.cli.client import Client

LOOK_AGAIN_S = 0.2


def wait_until(condition: Callable[[], object], wait_s: float = 60) -> None:
    """Return once it holds; fail after so long. Slow machines need the longer bound."""
    deadline, pause = time.monotonic() + wait_s, threading.Event()
    while not condition():
        assert time.monotonic() < deadline, f"it did not happen within {wait_s:g} s"
        pause.wait(LOOK_AGAIN_S)


def until_ended(client: Client, video_id: Any, wait_s: float = 240) -> dict[str, Any]:
    """The video once its analysis ended; the API may be away for a while."""
    found: dict[str, Any] = {}

    def ended() -> bool:
        try:
            found.update(client.video(video_id))
        except httpx.HTTPError:
            return False
        return found["state"] in ("done", "failed")

    wait_until(ended, wait_s)
    return found
