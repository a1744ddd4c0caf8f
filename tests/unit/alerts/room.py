"""What tests of the alerts service share: an alert, a video that shows its time, a station."""

import io
from datetime import UTC, datetime
from fractions import Fraction
from pathlib import Path
from typing import Any, TypeVar

import av
import numpy as np
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from sqlalchemy import Engine

from schemas import ids
from schemas.alerts import AlertClosed, AlertOpened, AlertUpdated
from schemas.base import Message
from schemas.sources import SourceConfigured
from schemas.topics import POSES
from services.alerts.channels import Channel
from services.alerts.core.deliveries import Target
from services.alerts.core.notice import Notice
from services.alerts.evidence_queue import EvidenceQueue
from services.alerts.ledger import Ledger
from services.alerts.outbox import Outbox
from services.alerts.people import SeenPeople
from services.alerts.sending import Sender, Sending
from services.alerts.sources import Sources
from services.alerts.tables import metadata
from services.alerts.watch import Watch
from services.chassis.clock import Clock, ManualClock
from services.chassis.storage.objects import MemoryObjects
from services.chassis.streaming.memory import MemoryBroker
from tests.builders import SOURCE, clip_ref, of_source

A = TypeVar("A", AlertOpened, AlertUpdated, AlertClosed)
KEY = Ed25519PrivateKey.from_private_bytes(bytes(range(32)))
NOON = datetime(2026, 3, 14, 12, tzinfo=UTC)
RATE = 25
OWNER = Target("email", "owner@example.org")
GUARD = Target("email", "guard@example.org")
HOOK = Target("webhook", "https://user:pw@example.org/hook/secret?token=hunter2")


def alert(kind: type[A] = AlertOpened, **more: Any) -> A:  # type: ignore[assignment]
    """An alert cut just when a `ManualClock` begins."""
    fields: dict[str, Any] = {
        **of_source(),
        "run": "live",
        "rule": "anomaly",
        "label": "fight",
        "start_s": 4.0,
        "end_s": 6.0,
        "peak_s": 5.0,
        "peak_score": 0.94,
        "peak_index": 4,
        "model_id": "test",
        **more,
    }
    opening = ids.clip_id(fields["source_id"], fields["origin_at"], clip_ref(4).index)
    identity = ids.alert_id(fields["run"], fields["model_id"], fields["rule"], opening)
    return kind(**{"alert_id": identity, **fields})


def offline() -> AlertOpened:
    """An alert of kind health."""
    about_picture = alert(
        rule="offline",
        label="Camera offline",
        source_kind="camera",
        severity="critical",
        end_s=4.0,
        peak_s=4.0,
        peak_score=None,
        peak_index=0,
        model_id="health",
    )
    detail = "The camera refuses the connection."
    return about_picture.model_copy(update={"kind": "health", "detail": detail})


def notice(**more: Any) -> Notice:
    about = more.pop("alert", alert())
    target = more.pop("target", OWNER)
    fields: dict[str, Any] = {
        "delivery_id": target.delivery_id(about.alert_id),
        "alert": about,
        "target": target,
        "opened_at": NOON,
        "source_name": "door-2.mp4",
        "dashboard_url": "http://127.0.0.1:8080",
        "snapshot": b"\xff\xd8jpeg",
        **more,
    }
    return Notice(**fields)


def configured(source_id: Any = SOURCE, name: str = "door-2.mp4") -> SourceConfigured:
    return SourceConfigured(
        source_id=source_id,
        source_kind="upload",
        name=name,
        origin_at=NOON,
        configured_at=NOON,
    )


class SourceTable:
    """A view of sources.v1 by hand."""

    def __init__(self, *sources: SourceConfigured) -> None:
        self.sources = {str(source.source_id): source for source in sources}

    def get(self, key: str) -> Message | None:
        return self.sources.get(key)


def video(
    path: Path, seconds: float = 20.0, size: tuple[int, int] = (320, 180), **options: Any
) -> bytes:
    """Every frame is grey, brighter with time: `read_time` reads when it was shown."""
    codec = options.pop("codec", "libx264")
    start_s = options.pop("start_s", 0.0)
    with av.open(str(path), "w", **options) as output:
        stream: Any = output.add_stream(codec, rate=RATE)
        stream.width, stream.height, stream.pix_fmt = *size, "yuv420p"
        stream.codec_context.gop_size = 50
        for number in range(round(seconds * RATE)):
            grey = np.full((size[1], size[0]), luma(number / RATE), np.uint8)
            frame = av.VideoFrame.from_ndarray(np.stack([grey] * 3, -1), format="rgb24")
            frame.pts = number + round(start_s * RATE)
            frame.time_base = Fraction(1, RATE)
            output.mux(stream.encode(frame))
        output.mux(stream.encode(None))
    return path.read_bytes()


def luma(seconds: float) -> int:
    return 20 + round(seconds * 10)


def read_time(picture: Any) -> float:
    """Seconds, to a tenth or so; the foot of the picture may be written on."""
    return (float(np.mean(picture[: picture.shape[0] // 2])) - 20) / 10


def store_with(content: bytes, source_id: object = SOURCE) -> MemoryObjects:
    store = MemoryObjects()
    store.put(f"videos/{source_id}/original", io.BytesIO(content), "video/mp4")
    return store


class Station:
    """One run of the service over a database, its parts within reach, without any thread."""

    def __init__(self, engine: Engine, holder: str = "one", clock: Clock | None = None) -> None:
        metadata.create_all(engine)
        self.engine = engine
        self.clock = clock or ManualClock()
        self.ledger = Ledger(engine, holder)
        self.queue = EvidenceQueue(engine, holder)
        self.outbox = Outbox(engine, holder)
        self.watch = Watch(self.ledger, self.queue, self.clock)
        self.store = MemoryObjects()
        self.table = SourceTable(configured())
        self.sources = Sources(self.table)
        self.people = SeenPeople(MemoryBroker([POSES]))

    @property
    def now(self) -> float:
        return self.clock.now().timestamp()

    def sender(self, channel: Channel, target: Target = OWNER, **more: Any) -> Sender:
        sent = more.pop("sent", lambda _: None)
        shared = Sending(
            self.ledger,
            self.queue,
            more.pop("store", self.store),
            self.watch,
            self.clock,
            lambda: 0.5,
            "http://127.0.0.1:8080",
            **more,
        )
        return Sender(channel, target, shared, sent)
