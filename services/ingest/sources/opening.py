"""A configured camera's address -> a source of its kind."""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import TYPE_CHECKING
from uuid import UUID

from schemas.sources import Transport
from services.chassis.addresses import (
    AddressFault,
    AddressPolicy,
    CameraAddress,
    Credentials,
    parse_kept,
)
from services.chassis.streaming.broker import Broker
from services.ingest.folders.sample import LatestFile
from services.ingest.sources.connecting import Patience
from services.ingest.sources.port import LiveSource, SourceLost
from services.ingest.sources.push import PushSource
from services.ingest.sources.stream import StreamSource
from services.ingest.sources.usb import UsbSource

if TYPE_CHECKING:
    from services.ingest.sources.fetching import Fetch


@dataclass(frozen=True)
class Wish:
    """Which source is wanted. What is recorded only (`keys_only`) is not decoded between its key
    frames.
    """

    address: str
    credentials: Credentials
    transport: Transport = "auto"
    keys_only: bool = False
    origin_at: datetime | None = None
    source_id: UUID | None = None


@dataclass(frozen=True)
class Opening:
    """Makes sources, each checked against what the operator allows at every try."""

    policy: AddressPolicy
    patience: Patience
    now: Callable[[], datetime]
    broker: Broker | None = None
    """Where pushed pictures come from."""

    def source(self, wish: Wish) -> LiveSource:
        """Not open yet. Raises SourceLost where there can be none."""
        try:
            camera = parse_kept(wish.address)
            addresses = self.policy.check_connect(camera)
        except AddressFault as fault:
            raise SourceLost(str(fault)) from None
        if camera.kind == "rtsp":  # FFmpeg looks up once more, and may find another
            camera = camera.at(min(addresses, key=lambda one: one.version))
        return self._of_kind(camera, wish)

    def _of_kind(self, camera: CameraAddress, wish: Wish) -> LiveSource:
        if camera.kind == "sim":
            return self._simulated(camera, wish)
        if camera.kind == "usb":
            return UsbSource(camera.path)
        if camera.kind in ("rtsp", "rtsps"):
            return self._stream(camera.url(wish.credentials), wish)
        if camera.kind in ("http", "https", "page"):
            return self._web(camera, wish)
        if camera.kind == "push" and self.broker is not None and wish.source_id is not None:
            return PushSource(self.broker, wish.source_id)
        if camera.kind == "folder":
            return LatestFile(Path(camera.path))
        raise SourceLost("A webcam sends pictures while its page is open: open that to try it.")

    def _stream(self, url: str, wish: Wish, fetch: "Fetch | None" = None) -> LiveSource:
        return StreamSource(url, wish.transport, self.patience, wish.keys_only, fetch)

    def _web(self, camera: CameraAddress, wish: Wish) -> LiveSource:
        from services.ingest.sources.web import WebSource  # HTTP clients, only where needed

        return WebSource(
            camera, wish.credentials, self.policy, lambda url, fetch: self._stream(url, wish, fetch)
        )

    def _simulated(self, camera: CameraAddress, wish: Wish) -> LiveSource:
        from services.ingest.sources.sim.live import SimSource  # OpenCV, 25 MB, only where needed

        return SimSource(camera.text, wish.origin_at or self.now(), self.now)
