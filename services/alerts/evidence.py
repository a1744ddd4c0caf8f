"""Snapshot and evidence MP4 of an alert: cut from the original, kept in the object store.

A failure here never stops a notification: it is told in words instead (`Made.note`). Keys are fixed
by the alert's id, so making it again replaces what was there.
"""

import io
import tempfile
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path
from uuid import UUID

import av

from services.alerts.core import Alert
from services.alerts.core.spans import Made, Margins, evidence_span, wanted
from services.alerts.picture import snapshot
from services.alerts.video import cut
from services.chassis.clock import Clock
from services.chassis.errors import TransientError
from services.chassis.media.recording import Recording, VideoUnreadable
from services.chassis.media.stored import open_stored
from services.chassis.storage.objects import ObjectMissing, ObjectStore
from services.chassis.telemetry import logs

log = logs.get("evidence")
Part = Callable[[Alert, Recording, Made], Made]
PAUSES_S = (1.0, 2.0, 4.0)
"""Waits between tries while the object store is away; after them the alert goes out without."""


def original_key(source_id: UUID) -> str:
    return f"videos/{source_id}/original"


def snapshot_key(alert_id: UUID) -> str:
    return f"alerts/{alert_id}/snapshot.jpg"


def evidence_key(alert_id: UUID) -> str:
    return f"alerts/{alert_id}/evidence.mp4"


class EvidenceRoom:
    """Makes what an alert still lacks."""

    def __init__(
        self,
        store: ObjectStore,
        clock: Clock,
        margins: Margins = Margins(),
        deadline_s: float = 30.0,
    ) -> None:
        self._store, self._clock = store, clock
        self._margins, self._deadline_s = margins, deadline_s

    def make(self, alert: Alert, before: Made | None, stop: threading.Event) -> Made:
        """What there is of the alert now. Never raises for a bad video or an absent store.

        The snapshot comes first: should the cut fail, the picture is there.
        """
        needed = wanted(alert, before, self._margins)
        made = before or Made(evidence_span(alert, self._margins), alert.peak_s)
        parts = [self._picture] * needed.snapshot + [self._cut] * needed.evidence
        for part in parts:
            made = self._patiently(part, alert, replace(made, note=""), stop)
            if made.note:
                log.warning("no evidence", alert_id=str(alert.alert_id), reason=made.note)
                break
        return made

    def _patiently(self, part: Part, alert: Alert, made: Made, stop: threading.Event) -> Made:
        for pause_s in (*PAUSES_S, None):
            try:
                with self._opened(alert) as clip:
                    return part(alert, clip, made)
            except TransientError as error:
                if pause_s is None or self._clock.wait(pause_s, stop):
                    return replace(made, note=f"the object store is away ({error})")
            except ObjectMissing:
                return replace(made, note="the video is gone")
            except (VideoUnreadable, av.FFmpegError) as error:
                return replace(made, note=f"the video cannot be used: {error}")
        return made

    @contextmanager
    def _opened(self, alert: Alert) -> Iterator[Recording]:
        key = original_key(alert.source_id)
        with open_stored(self._store, key, self._deadline_s) as clip:
            yield clip

    def _picture(self, alert: Alert, clip: Recording, made: Made) -> Made:
        key = snapshot_key(alert.alert_id)
        self._store.put(key, io.BytesIO(snapshot(clip.at(alert.peak_s), alert)), "image/jpeg")
        return replace(made, snapshot_key=key, peak_s=alert.peak_s)

    def _cut(self, alert: Alert, clip: Recording, made: Made) -> Made:
        key, span = evidence_key(alert.alert_id), evidence_span(alert, self._margins)
        with tempfile.TemporaryDirectory(prefix="nightclerk-") as folder:
            path = Path(folder) / "evidence.mp4"
            cut(clip, span, path)
            self._store.put_file(key, path, "video/mp4")
        return replace(made, evidence_key=key, span=span)
