"""What is told of a video's progress, and how often."""

from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from typing import Literal
from uuid import UUID

from schemas.clips import ClipRecorded
from schemas.videos import VideoProgressed
from services.chassis.clock import Clock
from services.chassis.media.video import VideoInfo

EVERY = timedelta(seconds=2)
STEP = 0.05


@dataclass(frozen=True)
class _State:
    info: VideoInfo | None = None
    playable_key: str | None = None
    clip_count: int = 0
    end_s: float = 0.0

    @property
    def progress(self) -> float:
        stated_s = self.info.duration_s if self.info else None
        return min(1.0, self.end_s / stated_s) if stated_s else 0.0


class Report:
    """One video's. `recorded` is told every clip; `due` says when the next message is due."""

    def __init__(self, video_id: UUID, clock: Clock) -> None:
        self._video_id, self._clock = video_id, clock
        self._state = _State()
        self._told_at: datetime = clock.now()
        self._told_progress = 0.0

    @property
    def clip_count(self) -> int:
        return self._state.clip_count

    @property
    def end_s(self) -> float:
        """Where the latest clip ends."""
        return self._state.end_s

    def opened(self, info: VideoInfo, playable_key: str | None) -> VideoProgressed:
        self._state = replace(self._state, info=info, playable_key=playable_key)
        return self.decoding()

    def recorded(self, clip: ClipRecorded) -> None:
        count = self._state.clip_count + 1
        self._state = replace(self._state, clip_count=count, end_s=clip.end_s)

    @property
    def due(self) -> bool:
        late = self._clock.now() - self._told_at >= EVERY
        return late or self._state.progress >= self._told_progress + STEP

    def decoding(self) -> VideoProgressed:
        return self._message("decoding", self._state.progress)

    def decoded(self, playable_key: str | None = None) -> VideoProgressed:
        """Every clip is out. The duration is what was there, not what the file said."""
        key = playable_key or self._state.playable_key
        self._state = replace(self._state, playable_key=key)
        return self._message("decoded", 1.0)

    def failed(self, error: str) -> VideoProgressed:
        return self._message("failed", self._state.progress, error)

    def _message(
        self,
        state: Literal["decoding", "decoded", "failed"],
        progress: float,
        error: str | None = None,
    ) -> VideoProgressed:
        self._told_at, self._told_progress = self._clock.now(), progress
        info = self._state.info
        return VideoProgressed(
            video_id=self._video_id,
            state=state,
            progress=progress,
            clip_count=self._state.clip_count,
            duration_s=self._state.end_s if state == "decoded" else info and info.duration_s,
            width=info and info.width,
            height=info and info.height,
            frame_rate=info and info.frame_rate,
            codec=info and info.codec,
            playable_key=self._state.playable_key,
            error=error,
            progressed_at=self._told_at,
        )
