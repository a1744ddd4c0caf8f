"""Footage of cameras: recorded segments, brought to the object store by the worker that has them.

Nobody knows which worker that is, so whoever needs a stretch says so, and reads what comes.
"""

import time
from collections import OrderedDict
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import datetime, timedelta
from pathlib import Path
from typing import Literal

from schemas.alerts import Alert
from schemas.recordings import FootageRequested
from services.alerts.core.spans import Span
from services.alerts.footage import FootageLate, FootageUnusable, Stretch
from services.alerts.sources import Sources
from services.chassis.clock import Clock
from services.chassis.errors import TransientError
from services.chassis.media import splicing
from services.chassis.media.recording import VideoUnreadable
from services.chassis.media.segments import (
    StoredSegment,
    covered_until,
    picture_at,
    segments_between,
)
from services.chassis.media.shape import Picture
from services.chassis.storage.objects import ObjectMissing, ObjectStore

NEARLY = timedelta(seconds=0.6)
"""Footage that ends so much earlier than asked for covers it: the last frame is held."""
MOST_REMEMBERED = 1_000
ENCODING = 4.0
"""So many times its length it may take to encode what cannot be copied."""

Ask = Callable[[FootageRequested], None]
"""Publishes a wish. Raises TransientError."""


@dataclass(frozen=True)
class Patience:
    """For how long footage is waited for, counted while the store answers. With `nothing_s` a
    camera without any footage is given up; what is there but not whole is taken after `rest_s`.
    """

    nothing_s: float = 900.0
    rest_s: float = 60.0


class RecordedCamera:
    """The segments of a camera, in the seconds of its alerts. Safe between threads."""

    def __init__(
        self,
        store: ObjectStore,
        sources: Sources,
        ask: Ask,
        clock: Clock,
        patience: Patience = Patience(),
        deadline_s: float = 30.0,
    ) -> None:
        self._store, self._sources, self._ask = store, sources, ask
        self._clock, self._patience, self._deadline_s = clock, patience, deadline_s
        self._missed: OrderedDict[tuple[object, ...], float] = OrderedDict()

    @contextmanager
    def open(self, alert: Alert, span: Span) -> Iterator[Stretch]:
        if not self._sources.is_recorded(alert.source_id):
            raise FootageUnusable("this camera is not recorded")
        since, until = alert.moment(span.start_s), alert.moment(span.end_s)
        try:
            segments = self._segments(alert, since, until)
        except FootageLate:
            self._request(alert, since, until)
            raise
        try:
            seconds = self._deadline_s + ENCODING * span.duration_s
            yield _SegmentStretch(self._store, segments, alert, seconds)
        except ObjectMissing:
            raise FootageLate("its recording is on its way") from None
        except VideoUnreadable as error:
            raise FootageUnusable(f"the recording cannot be used: {error}") from error

    def _request(self, alert: Alert, since: datetime, until: datetime) -> None:
        self._ask(
            FootageRequested(
                source_id=alert.source_id,
                since_at=since,
                until_at=until,
                reason=f"evidence of alert {alert.alert_id}",
                requested_at=self._clock.now(),
            )
        )

    def _segments(self, alert: Alert, since: datetime, until: datetime) -> list[StoredSegment]:
        """All of the stretch, or as much as there will ever be."""
        if self._clock.now() < until:
            raise FootageLate("its recording goes on")
        stretch = alert.source_id, since, until
        try:
            segments = segments_between(self._store, alert.source_id, since, until)
            covered = self._covered(segments, since, until)
        except TransientError:
            self._missed.pop(stretch, None)
            raise
        if covered == "whole":
            return segments
        waited_s = self._waited_s(stretch)
        if covered == "partly" and waited_s >= self._patience.rest_s:
            return segments
        if covered == "not" and waited_s >= self._patience.nothing_s:
            raise FootageUnusable("nothing was recorded at that time")
        raise FootageLate("its recording is on its way")

    def _covered(
        self, segments: list[StoredSegment], since: datetime, until: datetime
    ) -> Literal["whole", "partly", "not"]:
        """Segments are read for it: only they know where they end."""
        end, is_whole = since, True
        for segment in segments:
            is_whole = is_whole and segment.started_at <= end + NEARLY
            end = max(end, covered_until(self._store, segment))
        if end <= since:
            return "not"
        return "whole" if is_whole and end >= until - NEARLY else "partly"

    def _waited_s(self, stretch: tuple[object, ...]) -> float:
        """Since the stretch was missed first."""
        now_s = self._clock.monotonic()
        since_s = self._missed.setdefault(stretch, now_s)
        while len(self._missed) > MOST_REMEMBERED:
            self._missed.popitem(last=False)
        return now_s - since_s


class _SegmentStretch:
    """Its errors are translated where it was opened."""

    def __init__(
        self, store: ObjectStore, segments: list[StoredSegment], alert: Alert, deadline_s: float
    ) -> None:
        self._store, self._segments, self._alert = store, segments, alert
        self._deadline = time.monotonic() + deadline_s

    def picture(self, at_s: float) -> Picture:
        picture = picture_at(self._store, self._segments, self._alert.moment(at_s))
        if picture is None:
            raise VideoUnreadable("it has no picture of that time")
        return picture

    def write_mp4(self, span: Span, path: Path) -> float:
        """In original quality where every player plays it: then it begins with the key frame
        before the span. Encoded otherwise.
        """
        spliced = splicing.splice(
            self._store,
            self._segments,
            splicing.Stretch(
                self._alert.moment(span.start_s),
                self._alert.moment(span.end_s),
                "key_frame",
                self._check,
            ),
            path,
        )
        return (spliced.started_at - self._alert.origin_at).total_seconds()

    def _check(self) -> None:
        if time.monotonic() > self._deadline:
            raise VideoUnreadable("reading it takes too long")
