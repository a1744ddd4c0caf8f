"""Which picture of a camera is due: pure. Clips come whole, a second at a time; they are shown at
the pace at which they were filmed, as soon after they came as they can be without stopping.
"""

from collections import deque
from dataclasses import dataclass
from datetime import datetime

from schemas.clips import ClipRecorded
from services.api.live.shown import ShownClip

CLIPS_KEPT = 2
"""What is older than the clip on show and the one after it is skipped."""

CATCHING_UP = 0.1
"""So much of the time by which pictures come early is made up for with each clip."""


@dataclass(frozen=True)
class Picture:
    """A frame of a clip, and when it was taken."""

    shown: ShownClip
    number: int

    @property
    def clip(self) -> ClipRecorded:
        return self.shown.clip

    @property
    def at_s(self) -> float:
        """Seconds from the source's origin."""
        return self.clip.start_s + self.number / self.clip.spec.frame_rate

    @property
    def taken_at(self) -> datetime:
        return self.clip.moment(self.at_s)

    @property
    def jpeg(self) -> bytes:
        """Raises NotShown."""
        return self.shown.jpeg(self.number)


class Playback:
    """One viewer's place in one camera. Holds two clips at most."""

    def __init__(self) -> None:
        self._waiting: deque[Picture] = deque()
        self._origin_at: datetime | None = None
        self._delay_s = 0.0
        """From the time of a picture, by the source's clock, to when it is shown, by ours."""
        self._shown_s = -1.0

    def add(self, shown: ShownClip, now_s: float) -> None:
        """A clip came. One of another grid takes the place of all that wait."""
        clip = shown.clip
        if clip.origin_at != self._origin_at:
            self._waiting.clear()
            self._origin_at, self._shown_s = clip.origin_at, -1.0
            self._delay_s = now_s - clip.start_s
        self._delay_s = self._adjusted(now_s - clip.start_s, clip.spec.hop_s)
        pictures = (Picture(shown, number) for number in range(clip.frame_count))
        self._waiting.extend(picture for picture in pictures if picture.at_s > self._shown_s)
        self._skip()

    def due(self, now_s: float) -> Picture | None:
        """The newest picture that is due and was not shown; those before it are skipped."""
        newest = None
        while self._waiting and self._waiting[0].at_s + self._delay_s <= now_s:
            newest = self._waiting.popleft()
        if newest is not None:
            self._shown_s = newest.at_s
        return newest

    def next_s(self) -> float | None:
        """When the next picture is due."""
        return self._waiting[0].at_s + self._delay_s if self._waiting else None

    def _adjusted(self, needed_s: float, hop_s: float) -> float:
        """Late clips delay what follows, early ones bring it nearer again, little by little."""
        early_s = self._delay_s - needed_s
        if early_s <= 0 or early_s > CLIPS_KEPT * hop_s:
            return needed_s
        return self._delay_s - CATCHING_UP * early_s

    def _skip(self) -> None:
        clips = list(dict.fromkeys(picture.clip.index for picture in self._waiting))
        for index in clips[:-CLIPS_KEPT]:
            while self._waiting and self._waiting[0].clip.index == index:
                self._waiting.popleft()
