"""Makes the evidence that is due: a snapshot and an MP4 of each alert, in the object store.

It runs beside the sending of messages, never before it. Keys are fixed by the alert's id, so making
something again replaces what was there.
"""

import contextlib
import io
import json
import os
import tempfile
import threading
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Literal, Protocol
from uuid import UUID

import av
import cv2

from schemas import ids
from schemas.alerts import Alert
from schemas.poses import Person, PosesExtracted
from services.alerts.core.deliveries import RetryPolicy
from services.alerts.core.spans import (
    Evidence,
    Margins,
    Span,
    around_peak,
    evidence_span,
    wants_snapshot,
    wants_video,
)
from services.alerts.enhanced import enhanced_still
from services.alerts.evidence_queue import EvidenceQueue, EvidenceTask
from services.alerts.footage import FootageByKind, FootageLate, FootageUnusable, Stretch
from services.alerts.holds import HeldStretches
from services.alerts.montage import contact_sheet
from services.alerts.pack.sealing import Sealing
from services.alerts.picture import snapshot
from services.alerts.watch import Watch
from services.chassis.clock import Clock
from services.chassis.errors import TransientError
from services.chassis.media.hiding import hide
from services.chassis.media.recording import VideoUnreadable
from services.chassis.media.shape import Picture
from services.chassis.media.stored import exists
from services.chassis.storage.objects import ObjectStore
from services.chassis.telemetry import logs, metrics
from services.rules.heads import heads_file
from services.rules.hidden import HELD_S, Heads

log = logs.get("evidence")
IDLE_S = 30.0
CRASHES = 3
Part = Literal["snapshot", "video"]


class People(Protocol):
    def at(self, source_id: UUID, at_s: float) -> Sequence[Person]:
        """Who was seen at a media second of a source; nobody where no pose network looks."""

    def between(self, source_id: UUID, since_s: float, until_s: float) -> list[PosesExtracted]:
        """What was seen between two media seconds, in order of time."""


@dataclass(frozen=True)
class Making:
    """What the workers share: how much is kept of an episode, and how long making it is tried."""

    queue: EvidenceQueue
    footage: FootageByKind
    store: ObjectStore
    watch: Watch
    clock: Clock
    sealing: Sealing
    people: People
    held: HeldStretches
    margins: Margins = Margins()  # noqa: RUF009 - frozen
    policy: RetryPolicy = RetryPolicy(base_s=1.0, cap_s=300.0)  # noqa: RUF009 - frozen


def give_way() -> None:
    """Cutting and encoding take seconds of a core, and may wait for whatever looks at cameras: the
    calling thread, and what it starts, has to leave the processor to others.
    """
    with contextlib.suppress(OSError):
        os.setpriority(os.PRIO_PROCESS, threading.get_native_id(), 15)


class EvidenceWorker:
    """`turn` makes one part of one alert. Several may work on the same queue."""

    def __init__(
        self, shared: Making, settled: Callable[[EvidenceTask], None] = lambda _: None
    ) -> None:
        """`settled` hears of each alert whose picture is there, or will never be."""
        self._shared, self._settled = shared, settled
        self._queue, self._store, self._clock = shared.queue, shared.store, shared.clock
        self._background = ThreadPoolExecutor(16, "evidence-cut", initializer=give_way)

    def turn(self) -> float:
        """Seconds until there is more to do. Raises TransientError when the database is away."""
        now = self._now()
        task = self._queue.claim(now)
        if task is None:
            due_at = self._queue.next_due()
            return IDLE_S if due_at is None else min(max(due_at - now, 0.0), IDLE_S)
        with self._shared.watch.making(task):
            self._remove(task) if task.is_removal else self._make(task)
        return 0.0

    def _make(self, task: EvidenceTask) -> None:
        part = _next_part(task.alert, task.present, self._shared.margins)
        if part is None:
            self._queue.close(task, task.present, "done", None, self._now())
        elif task.was_abandoned and task.attempt > CRASHES:
            self._fail(task, part, "making it ended the service again and again")
        else:
            self._try(task, part)

    def _try(self, task: EvidenceTask, part: Part) -> None:
        """One bad video costs its own evidence, whatever it breaks."""
        try:
            present = self._with_part(task, part)
            self._shared.sealing.seal(task.alert, task.source_name)
        except (TransientError, FootageLate) as error:
            self._retry(task, part, str(error))
        except FootageUnusable as error:
            self._fail(task, part, str(error))
        except Exception as error:
            log.exception("evidence", alert_id=str(task.alert.alert_id), part=part)
            self._fail(task, part, f"the video breaks our reader ({type(error).__name__})")
        else:
            self._succeed(task, part, present)

    def _with_part(self, task: EvidenceTask, part: Part) -> Evidence:
        alert, present = task.alert, replace(task.present, note="")
        footage = self._shared.footage[alert.source_kind]
        span = evidence_span(alert, self._shared.margins)
        needed = around_peak(alert) if part == "snapshot" else span
        with footage.open(alert, needed) as stretch:
            if part == "snapshot":
                self._put_snapshot(alert, stretch.picture(alert.peak_s))
                return replace(present, peak_s=alert.peak_s)
            self._background.submit(self._cut, alert, stretch, span).result()
            return replace(present, span=span)

    def _cut(self, alert: Alert, stretch: Stretch, span: Span) -> None:
        with tempfile.TemporaryDirectory(prefix="nightclerk-") as folder:
            path = Path(folder) / "evidence.mp4"
            starts_at_s = stretch.write_mp4(span, path)
            self._store.put_file(ids.evidence_key(alert.alert_id), path, "video/mp4")
            self._put_heads(alert, starts_at_s, span)
            self._add(
                ids.montage_key(alert.alert_id),
                lambda: contact_sheet(path, starts_at_s, span, alert),
            )
        self._add(
            ids.enhanced_key(alert.alert_id), lambda: enhanced_still(stretch.picture(alert.peak_s))
        )

    def _put_snapshot(self, alert: Alert, picture: Picture) -> None:
        """And one with hidden faces for mails, where faces are hidden. Raises TransientError."""
        source_id, peak_s = alert.source_id, alert.peak_s
        people = self._shared.people.at(source_id, peak_s)
        key = ids.snapshot_key(alert.alert_id)
        if self._shared.held.hides_faces(source_id):
            near = self._shared.people.between(source_id, peak_s - HELD_S, peak_s + HELD_S)
            hidden = hide(picture, Heads.seen(near, alert.origin_at).hidden(peak_s))
            content = io.BytesIO(snapshot(hidden, alert, people))
            self._store.put(ids.hidden_snapshot_key(alert.alert_id), content, "image/jpeg")
        self._store.put(key, io.BytesIO(snapshot(picture, alert, people)), "image/jpeg")

    def _put_heads(self, alert: Alert, starts_at_s: float, span: Span) -> None:
        """Whose heads are to be hidden where in the video, as far as poses say; nothing where no
        pose network looked. Raises TransientError.
        """
        seen = self._shared.people.between(alert.source_id, starts_at_s, span.end_s)
        if not seen:
            return
        frames = (frame for one in seen for frame in one.frames)
        content = heads_file(frames, seen[0].width / seen[0].height, starts_at_s)
        packed = io.BytesIO(json.dumps(content).encode())
        self._store.put(ids.heads_key(alert.alert_id), packed, "application/json")

    def _add(self, key: str, make: Callable[[], bytes]) -> None:
        """What is good to have; evidence is whole without it. Raises TransientError."""
        try:
            picture = make()
        except (VideoUnreadable, FootageUnusable, av.FFmpegError, cv2.error) as error:
            log.warning("left out", key=key, reason=str(error))
            return
        self._store.put(key, io.BytesIO(picture), "image/jpeg")

    def _succeed(self, task: EvidenceTask, part: Part, present: Evidence) -> None:
        more = _next_part(task.alert, present, self._shared.margins)
        now = self._now()
        if more:
            self._queue.close(task, present, "waiting", now, now)
        else:
            self._queue.close(task, present, "done", None, now)
        metrics.count("evidence_made", f"{part}/made")
        log.info("evidence", alert_id=str(task.alert.alert_id), part=part)
        if part == "snapshot":
            self._settled(task)

    def _retry(self, task: EvidenceTask, part: Part, reason: str) -> None:
        now, policy = self._now(), self._shared.policy
        due_at = now + policy.delay_s(task.attempt, 0.5)
        if due_at > task.opened_at + policy.window_s:
            self._fail(task, part, reason)
            return
        log.warning("evidence later", alert_id=str(task.alert.alert_id), part=part, reason=reason)
        metrics.count("evidence_made", f"{part}/later")
        self._queue.close(task, replace(task.present, note=reason), "waiting", due_at, now)

    def _fail(self, task: EvidenceTask, part: Part, reason: str) -> None:
        log.warning("no evidence", alert_id=str(task.alert.alert_id), part=part, reason=reason)
        metrics.count("evidence_made", f"{part}/failed")
        present = replace(task.present, note=reason)
        self._queue.close(task, present, "failed", None, self._now())
        if part == "snapshot":
            self._settled(task)

    def _remove(self, task: EvidenceTask) -> None:
        """While the store is away the row stays claimed; once the lease is over it comes again.
        What is held stays.
        """
        alert_id = task.alert.alert_id
        try:
            if self._shared.held.covers(task.alert) or exists(self._store, ids.hold_key(alert_id)):
                self._queue.keep(task)
                return
            for info in self._store.list(ids.evidence_prefix(alert_id)):
                self._store.delete(info.key)
        except TransientError as error:
            log.warning("not removed yet", alert_id=str(alert_id), reason=str(error))
            return
        self._queue.drop(task)

    def _now(self) -> float:
        return self._clock.now().timestamp()


def _next_part(alert: Alert, present: Evidence, margins: Margins) -> Part | None:
    """The picture first: should the cut fail, it is there."""
    if wants_snapshot(alert, present):
        return "snapshot"
    return "video" if wants_video(alert, present, margins) else None
