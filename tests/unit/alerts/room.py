"""What tests of the alerts service share: an alert, a video that tells its time, a desk."""

import io
from datetime import UTC, datetime
from fractions import Fraction
from pathlib import Path
from typing import Any, TypeVar

import av
import numpy as np
from sqlalchemy import Engine

from schemas import ids
from schemas.alerts import AlertClosed, AlertOpened, AlertUpdated
from services.alerts.core.notice import Notice
from services.alerts.courier import Desk
from services.alerts.ledger import Ledger
from services.chassis.clock import Clock
from services.chassis.storage.objects import MemoryObjects
from tests.builders import SOURCE, clip_ref

A = TypeVar("A", AlertOpened, AlertUpdated, AlertClosed)
NOON = datetime(2026, 3, 14, 12, tzinfo=UTC)
RATE = 25


def alert(kind: type[A] = AlertOpened, **more: Any) -> A:  # type: ignore[assignment]
    opening = clip_ref(2)
    fields: dict[str, Any] = {
        "source_id": SOURCE,
        "rule": "anomaly",
        "label": "fight",
        "start_s": 4.0,
        "end_s": 6.0,
        "peak_s": 5.0,
        "peak_score": 0.94,
        "peak_clip_id": opening.clip_id,
        "model_id": "test",
        **more,
    }
    identity = ids.alert_id(fields["source_id"], fields["rule"], opening.clip_id)
    return kind(**{"alert_id": identity, **fields})


def notice(**more: Any) -> Notice:
    told = more.pop("alert", alert())
    address = more.pop("address", "owner@example.org")
    fields: dict[str, Any] = {
        "delivery_id": ids.delivery_id(told.alert_id, "email", address),
        "alert": told,
        "address": address,
        "link": "http://127.0.0.1:8080/?video=x&t=3",
        "told_at": NOON,
        "snapshot": b"\xff\xd8jpeg",
        **more,
    }
    return Notice(**fields)


def video(
    path: Path, seconds: float = 20.0, size: tuple[int, int] = (320, 180), **options: Any
) -> bytes:
    """Every frame is grey, brighter with time: `read_time` tells when it was shown."""
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


def ledger_on(engine: Engine, owner: str = "one", now: float = 0.0) -> Ledger:
    ledger = Ledger(engine, owner)
    ledger.prepare(now, keep_s=1000.0)
    return ledger


def desk_of(ledger: Ledger, store: MemoryObjects, clock: Clock) -> Desk:
    return Desk(ledger, store, clock, lambda: 0.5, "http://127.0.0.1:8080")
