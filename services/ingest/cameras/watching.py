"""Frames of one camera -> clips and conditions, handed to whoever sends them."""

from collections.abc import Callable, Iterable, Mapping
from dataclasses import asdict
from datetime import datetime
from threading import RLock

import av

from schemas.health import Condition, SourceHealth
from schemas.sources import CameraSettings, SourceConfigured
from schemas.topics import CLIPS_LIVE, HEALTH
from services.chassis.clock import Clock
from services.chassis.telemetry import logs, metrics
from services.ingest.cameras.conditions import Conditions, Lasting
from services.ingest.cameras.drawing import Drawing, Shot
from services.ingest.cameras.life import Life, Memory, Remembered
from services.ingest.cameras.outlet import Outlet
from services.ingest.cameras.presence import OFFLINE_S, Outage, Presence
from services.ingest.clips import Origin
from services.ingest.core import Clip, LiveCutter, Timing
from services.ingest.core.gate import Gated, MotionGate, Still
from services.ingest.core.picture_health import Change
from services.ingest.core.views import Views
from services.ingest.sources.port import LiveFrame

log = logs.get("cameras")

IDLE_S = 5.0
"""Without a frame for so long what was begun is closed; a frame may be placed MOST_LAG_S back."""


class Watching:
    """Shown frames by the reading thread, ticked by another; both may call at the same time."""

    def __init__(
        self,
        source: SourceConfigured,
        outlet: Outlet,
        memory: Memory,
        clock: Clock,
        offline_s: float = OFFLINE_S,
        recording_failure: Callable[[], str] = str,
    ) -> None:
        """`recording_failure` says why nothing is recorded; empty while all is well."""
        self._recording_failure, self._recording = recording_failure, Lasting()
        self._source, self._outlet, self._memory = source, outlet, memory
        self._clock, self._offline_s = clock, offline_s
        self._settings = source.camera or CameraSettings()
        self._turn = RLock()
        self._timing = Timing()
        self._views: Views | None = None
        remembered = memory.read(source)
        self._begin(Life(source, remembered.origin_at, clock), remembered.offline_since)
        if self._life.has_begun_anew:
            self._tell_step("The clock was set back while nobody watched.")
        else:
            self._end_left(remembered.spells)

    def _begin(self, life: Life, offline_since: datetime | None = None) -> None:
        self._life = life
        self._presence = Presence(life.now(), offline_since, self._offline_s)
        self._origin = Origin(self._source.source_id, life.grid, "camera")
        self._gate: MotionGate[Shot] = MotionGate()
        self._drawing: Drawing | None = None
        self._cutter: LiveCutter[av.VideoFrame, Shot] | None = None
        self._latest = life.now()
        self._conditions = Conditions(lambda health: self._outlet.put(HEALTH, health), self._keep)

    @property
    def life(self) -> Life:
        return self._life

    def show(self, frame: LiveFrame) -> datetime:
        """Returns the moment at which it was seen."""
        with self._turn:
            moment = frame.moment or self._place(frame)
            self._latest = moment
            self._tell_outage(self._presence.frame(moment))
            drawing, cutter = self._fitting(frame.picture)
            self._publish(cutter.show(frame.picture, moment))
            self._tell_changes(drawing.changes())
            return moment

    def lost(self, reason: str) -> None:
        with self._turn:
            self._presence.lost(reason)

    def tick(self) -> None:
        """About once a second: what time alone brings."""
        with self._turn:
            now = self._life.now()
            self._tell_outage(self._presence.tick(now))
            if self._cutter is not None and (now - self._latest).total_seconds() > IDLE_S:
                self._publish(self._cutter.idle(now))
            self._watch_recording(now)
            self._conditions.repeat(self._life.seconds(now), self._clock.now())

    def follow_clock(self) -> bool:
        """Whether the wall clock was set far: then a new life has begun."""
        with self._turn:
            if not self._life.has_stepped():
                return False
            step_s = self._life.step_s()
            self._close()
            self._begin(Life.begun(self._source, self._clock))
            way = "ahead" if step_s > 0 else "back"
            self._tell_step(f"The clock was set {way} by {abs(step_s):.0f} s.")
            return True

    def end(self, is_gone: bool) -> None:
        """Nobody watches here any more. What is wrong is over with that, except an outage: whoever
        watches next goes on with it, unless the camera `is_gone`: paused or removed.
        """
        with self._turn:
            self._close(is_gone)

    def _close(self, is_gone: bool = True) -> None:
        now = self._life.now()
        if self._cutter is not None:
            self._publish(self._cutter.idle(now))
        self._end_drawing()
        self._tell_stills(self._gate.end())
        if lasting := self._recording.show(False, now):
            self._tell(
                "not_recorded",
                self._life.seconds(lasting[0]),
                self._life.seconds(now),
                is_over=True,
            )
        if is_gone and self._presence.since is not None:
            since = self._presence.since
            self._presence.since = None
            self._tell_outage(Outage(since, now, "The camera is not watched any more.", True))

    def _place(self, frame: LiveFrame) -> datetime:
        return self._life.at(self._timing.place(frame.arrived_s, frame.pts_s))

    def _fitting(self, picture: av.VideoFrame) -> tuple[Drawing, LiveCutter[av.VideoFrame, Shot]]:
        """For pictures of this shape. Another shape begins its own clips: one is lost at most."""
        if self._drawing is None or self._cutter is None or not self._drawing.fits(picture):
            self._end_drawing()
            self._drawing = Drawing(picture, self._settings, self._views)
            self._cutter = LiveCutter(self._life.grid, self._drawing.draw)
        return self._drawing, self._cutter

    def _end_drawing(self) -> None:
        if self._drawing is not None:
            self._tell_changes(self._drawing.end(self._life.seconds(self._life.now())))
            self._views = self._drawing.views
        self._drawing = self._cutter = None

    def _publish(self, clips: Iterable[Clip[Shot]]) -> None:
        for clip in clips:
            gated = Gated((clip,))
            if self._settings.motion_gate:
                gated = self._gate.take(clip, any(shot.moves for shot in clip.pictures))
            for open_clip in gated.clips:
                jpegs = tuple(shot.jpeg for shot in open_clip.pictures)
                recorded = self._origin.recorded(open_clip.showing(jpegs), self._clock.now())
                self._outlet.put(CLIPS_LIVE, recorded)
                metrics.count("clips_recorded", "camera")
            self._tell_stills(gated.stills)

    def _tell_outage(self, outage: Outage | None) -> None:
        if outage is None:
            return
        start_s, at_s = self._life.seconds(outage.since), self._life.seconds(outage.at)
        health = self._health(
            "offline", start_s, at_s, is_over=outage.is_over, detail=outage.reason
        )
        self._outlet.put(HEALTH, health)
        self._keep()
        state = "online" if outage.is_over else "offline"
        log.info(state, source_id=self._source.key, reason=outage.reason)

    def _tell_step(self, detail: str) -> None:
        log.warning("the wall clock was set", source_id=self._source.key, detail=detail)
        self._keep()
        self._tell("clock_stepped", 0.0, 0.0, is_over=True, detail=detail)

    def _keep(self) -> None:
        """For whoever watches after this process."""
        life, since = self._life, self._presence.since
        spells = self._conditions.spells()
        self._memory.write(self._source, Remembered(life.grid.origin_at, since, spells))

    def _end_left(self, spells: Mapping[str, float]) -> None:
        now_s = self._life.seconds(self._life.now())
        detail = "Its watcher was started anew."
        self._conditions.inherit(
            self._health(name, start_s, now_s, is_over=True, detail=detail)
            for name, start_s in spells.items()
        )

    def _watch_recording(self, now: datetime) -> None:
        failure = self._recording_failure()
        if lasting := self._recording.show(bool(failure), now):
            since, is_over = lasting
            at_s = self._life.seconds(now)
            start_s = self._life.seconds(since)
            self._tell("not_recorded", start_s, at_s, is_over=is_over, detail=failure)

    def _tell_changes(self, changes: Iterable[Change]) -> None:
        for change in changes:
            self._tell(**asdict(change))

    def _tell_stills(self, stills: Iterable[Still]) -> None:
        for still in stills:
            self._tell("still", **asdict(still))

    def _tell(self, condition: Condition, start_s: float, at_s: float, **more: object) -> None:
        self._conditions.show(self._health(condition, start_s, at_s, **more))

    def _health(self, condition: str, start_s: float, at_s: float, **more: object) -> SourceHealth:
        origin = self._life.grid.origin_at
        return SourceHealth.model_validate(
            {
                "source_id": self._source.source_id,
                "source_kind": "camera",
                "origin_at": origin,
                "cut_at": self._clock.now(),
                "condition": condition,
                "start_s": start_s,
                "at_s": max(at_s, start_s),
                **more,
            }
        )
