"""The demo's two cameras: one sees a fight in every round of its scene, the other never."""

import time
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any
from uuid import UUID

from services.cli.client import Client
from services.cli.footage import Span, Verdict, judge
from services.ingest.sources.sim import parse, truth
from services.local import LocalRuntimeError

POLL_S = 0.5
PATIENCE_S = 300.0
"""A round of the scene, and what a slow machine needs beside an upload."""
SCENES: Mapping[str, str] = {
    "till": "sim://store?seed=3&seconds=40&incident=10-20",
    "entrance": "sim://store?seed=12&seconds=60&people=2",
}


@dataclass
class DemoCamera:
    """A camera of the stack whose truth is known, and its alerts by id."""

    name: str
    source_id: UUID
    seconds: float
    """How long a round of its scene is."""
    truth: tuple[Span, ...]
    alerts: dict[str, dict[str, Any]] = field(default_factory=dict)

    @property
    def spans(self) -> list[Span]:
        """Its alerts, by the time in the round in which they began."""
        found = []
        for alert in self.alerts.values():
            start_s = alert["start_s"] % self.seconds
            found.append((start_s, start_s + alert["end_s"] - alert["start_s"]))
        return found

    @property
    def has_shown(self) -> bool:
        """Whether what there is to see was seen."""
        return not self.truth or bool(self.alerts)

    @property
    def verdict(self) -> Verdict:
        return judge(self.spans, self.truth)


def add(api: Client) -> list[DemoCamera]:
    """Those of an earlier demo make way."""
    for camera in list(api.cameras()):
        if camera["name"] in SCENES:
            api.delete_camera(UUID(camera["source_id"]))
    return [_added(api, name, address) for name, address in SCENES.items()]


def follow(
    api: Client, cameras: Iterable[DemoCamera], heard: Callable[[str, dict[str, Any]], None]
) -> None:
    """Until each has shown what there is to see. `heard` gets the camera's name and a new alert.

    Raises LocalRuntimeError when one has not in time.
    """
    deadline = time.monotonic() + PATIENCE_S
    cameras = list(cameras)
    while not all(camera.has_shown for camera in cameras):
        if time.monotonic() > deadline:
            blind = ", ".join(camera.name for camera in cameras if not camera.has_shown)
            raise LocalRuntimeError(f"no alert came of the camera {blind} in {PATIENCE_S:g} s")
        time.sleep(POLL_S)
        note(api, cameras, heard)


def note(
    api: Client, cameras: Iterable[DemoCamera], heard: Callable[[str, dict[str, Any]], None]
) -> None:
    """Keep the latest of each alert."""
    for camera in cameras:
        for alert in api.alerts(camera.source_id):
            if alert["kind"] != "incident":
                continue
            if alert["alert_id"] not in camera.alerts:
                heard(camera.name, alert)
            camera.alerts[alert["alert_id"]] = alert


def _added(api: Client, name: str, address: str) -> DemoCamera:
    spec = parse(address)
    added = api.add_camera({"name": name, "address": address})
    return DemoCamera(name, UUID(added["source_id"]), spec.seconds, tuple(truth(spec)))
