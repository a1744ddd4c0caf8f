"""What one viewer is sent, and when: one camera at its pace, or many at a low rate.

The newest that is due is chosen only when the socket has taken what was sent before: a slow client
skips, and nothing is ever queued for it.
"""

from collections.abc import Iterator
from contextlib import suppress
from typing import Protocol

from services.api.live import wire
from services.api.live.hub import Latest, Viewer
from services.api.live.playback import Picture, Playback
from services.api.live.shown import NotShown
from services.chassis.clock import Clock

STATUS_S = 1.0
"""A camera that gives no picture is spoken of so often."""

MOST_A_SECOND = 1.0


class Hides(Protocol):
    """Whose pictures have hidden faces only."""

    def jpeg(self, latest: Latest, picture: Picture) -> bytes: ...


class Stream(Protocol):
    """What is due now, to be sent one after the other, and how long to wait for more."""

    @property
    def takes_long(self) -> bool:
        """Whether `due` encodes pictures anew, and is to be called in a thread."""

    def due(self) -> bytes | str | None: ...

    def wait_s(self) -> float: ...


class OneCamera:
    """Every picture of a camera, at the pace at which it was filmed."""

    def __init__(
        self, source_id: str, latest: Latest, clock: Clock, hides: Hides | None = None
    ) -> None:
        self._source_id, self._latest, self._clock = source_id, latest, clock
        self._hides = hides
        self._playback, self._seen = Playback(), -1.0
        self._spoke_s = clock.monotonic() - STATUS_S

    @property
    def takes_long(self) -> bool:
        clip = self._latest.clip
        return self._hides is not None or (clip is not None and clip.takes_long)

    def due(self) -> bytes | str | None:
        now_s = self._clock.monotonic()
        clip, arrived_s = self._latest.newest(self._hides is not None, now_s)
        if clip is not None and arrived_s != self._seen:
            self._seen = arrived_s
            self._playback.add(clip, now_s)
        picture = self._playback.due(now_s)
        if picture is None and now_s - self._spoke_s < STATUS_S:
            return None
        self._spoke_s = now_s
        now = self._clock.now()
        if picture is not None:
            with suppress(NotShown):
                jpeg = self._hides.jpeg(self._latest, picture) if self._hides else picture.jpeg
                return wire.with_picture(self._source_id, self._latest, picture, jpeg, now)
        return wire.without_picture(self._source_id, self._latest, now)

    def wait_s(self) -> float:
        speaks_s = self._spoke_s + STATUS_S
        next_s = self._playback.next_s()
        due_s = speaks_s if next_s is None else min(next_s, speaks_s)
        return max(0.0, due_s - self._clock.monotonic())


class Wall:
    """The newest picture of each of many cameras, no more than `a_second` of each."""

    def __init__(
        self,
        viewer: Viewer,
        clock: Clock,
        a_second: float = MOST_A_SECOND,
        hides: Hides | None = None,
    ) -> None:
        """`hides` is asked for pictures of those that the viewer sees with hidden faces only."""
        self._sources, self._clock = viewer.sources, clock
        self._hides, self._hidden = hides, viewer.hidden if hides else frozenset()
        self._every_s = 1 / min(a_second, MOST_A_SECOND)
        self._sent_s = dict.fromkeys(viewer.sources, float("-inf"))
        self._seen_s = dict.fromkeys(viewer.sources, -1.0)

    @property
    def takes_long(self) -> bool:
        clips = (latest.clip for latest in self._sources.values())
        return bool(self._hidden) or any(clip is not None and clip.takes_long for clip in clips)

    def due(self) -> bytes | str | None:
        """Of the camera that has waited longest."""
        now_s, now = self._clock.monotonic(), self._clock.now()
        for name in sorted(self._due_names(now_s), key=self._sent_s.__getitem__):
            self._sent_s[name] = now_s
            latest = self._sources[name]
            clip, arrived_s = latest.newest(name in self._hidden, now_s)
            if clip is not None and arrived_s != self._seen_s[name]:
                self._seen_s[name] = arrived_s
                with suppress(NotShown):
                    picture = Picture(clip, clip.glimpse())
                    return wire.with_picture(name, latest, picture, self._jpeg(name, picture), now)
            return wire.without_picture(name, latest, now)
        return None

    def wait_s(self) -> float:
        now_s = self._clock.monotonic()
        dues = [self._due_s(name, latest, now_s) for name, latest in self._sources.items()]
        return max(0.0, min(dues, default=STATUS_S) - now_s)

    def _jpeg(self, name: str, picture: Picture) -> bytes:
        if self._hides is None or name not in self._hidden:
            return picture.jpeg
        return self._hides.jpeg(self._sources[name], picture)

    def _due_names(self, now_s: float) -> Iterator[str]:
        for name, latest in self._sources.items():
            if self._due_s(name, latest, now_s) <= now_s:
                yield name

    def _due_s(self, name: str, latest: Latest, now_s: float) -> float:
        """A camera without a new picture is waited for a little longer, then spoken of."""
        clip, arrived_s = latest.newest(name in self._hidden, now_s)
        is_new = clip is not None and arrived_s != self._seen_s[name]
        return self._sent_s[name] + (self._every_s if is_new else 2 * self._every_s)
