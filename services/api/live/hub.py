"""What is latest of each camera that somebody watches: filled by `feed`, read by viewers.

Nothing is queued: a newer clip takes the place of the one before, so memory is a clip a watched
camera, however many watch it and however slowly; some more where somebody sees it with hidden
faces only, until poses say where heads are.
"""

import asyncio
import threading
from collections import Counter, deque
from collections.abc import Iterable, Iterator, Mapping, Sequence, Set
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import datetime

from schemas.base import Message
from schemas.clips import ClipRecorded
from schemas.health import SourceHealth
from schemas.judgements import LIVE
from schemas.poses import PoseFrame, PosesExtracted
from schemas.scores import ClipScored, ClipsScored
from services.api.cameras.views import ConditionView
from services.api.live.shown import ShownClip

POSES_KEPT = 3
CLIPS_WAITING = 6
LOOKED_WITHIN_S = 6.0
"""Where no pose network looked for so long, clips are not waited for: all of them is hidden."""

POSES_FOR_S = 2.5
"""People are shown where they were last seen for no longer."""


@dataclass
class Latest:
    """What is latest of one source. Replaced whole or in single fields; messages never change."""

    clip: ShownClip | None = None
    arrived_s: float = 0.0
    score: ClipScored | None = None
    poses: deque[PosesExtracted] = field(default_factory=lambda: deque(maxlen=POSES_KEPT))
    conditions: dict[str, ConditionView] = field(default_factory=dict)
    hidden_from: int = 0
    """So many viewers get no picture of it but with hidden faces."""
    waiting: deque[ShownClip] = field(default_factory=lambda: deque(maxlen=CLIPS_WAITING))
    """For their poses."""
    looked: ShownClip | None = None
    """The latest clip of which poses came."""
    looked_s: float = float("-inf")

    def newest(self, is_hidden: bool, now_s: float) -> tuple[ShownClip | None, float]:
        """The clip to be shown, and when it came, or was looked at."""
        if is_hidden and now_s - self.looked_s < LOOKED_WITHIN_S:
            return self.looked, self.looked_s
        return self.clip, self.arrived_s

    def people_at(self, at_s: float) -> PoseFrame | None:
        """The people as they were last looked at, by that moment."""
        frames = [frame for poses in list(self.poses) for frame in poses.frames]
        seen = [frame for frame in frames if at_s - POSES_FOR_S <= frame.at_s <= at_s]
        return max(seen, key=lambda frame: frame.at_s, default=None)


class Viewer:
    """One socket's eyes. `changed` is set, in the socket's loop, when a camera of it has news."""

    def __init__(self, sources: Mapping[str, Latest], hidden: Set[str] = frozenset()) -> None:
        self.sources, self.hidden = sources, hidden
        self.changed = asyncio.Event()
        self._loop = asyncio.get_running_loop()

    def wake(self) -> None:
        """From any thread."""
        if not self._loop.is_closed():
            self._loop.call_soon_threadsafe(self.changed.set)


class Hub:
    """Safe between threads."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._latest: dict[str, Latest] = {}
        self._viewers: dict[str, set[Viewer]] = {}
        self._count = 0

    @property
    def viewers(self) -> int:
        return self._count

    def is_watched(self, source: str) -> bool:
        return source in self._latest

    @contextmanager
    def watching(
        self,
        conditions: Mapping[str, Sequence[ConditionView]],
        hidden: Set[str] = frozenset(),
    ) -> Iterator[Viewer]:
        """Eyes on these sources, with what is wrong with them now; on some of them with hidden
        faces only. In an event loop.
        """
        with self._lock:
            for name, known in conditions.items():
                if name not in self._latest:
                    latest = Latest()
                    latest.conditions.update((each.condition, each) for each in known)
                    self._latest[name] = latest
            viewer = Viewer({name: self._latest[name] for name in conditions}, hidden)
            for name in conditions:
                self._latest[name].hidden_from += name in hidden
                self._viewers.setdefault(name, set()).add(viewer)
            self._count += 1
        try:
            yield viewer
        finally:
            self._leave(viewer)

    def take(self, messages: Iterable[Message], now_s: float) -> None:
        """News of sources; of those that nobody watches it is dropped."""
        touched: Counter[str] = Counter()
        with self._lock:
            for message in messages:
                latest = self._latest.get(message.key)
                if latest is not None and note(latest, message, now_s):
                    touched[message.key] += 1
            viewers = {viewer for name in touched for viewer in self._viewers.get(name, ())}
        for viewer in viewers:
            viewer.wake()

    def _leave(self, viewer: Viewer) -> None:
        with self._lock:
            for name, latest in viewer.sources.items():
                latest.hidden_from -= name in viewer.hidden
                others = self._viewers.get(name, set())
                others.discard(viewer)
                if not others:
                    self._viewers.pop(name, None)
                    self._latest.pop(name, None)
            self._count -= 1


def note(latest: Latest, message: Message, now_s: float) -> bool:
    """Keep what is newer; whether it was."""
    if isinstance(message, ClipRecorded):
        return _note_clip(latest, message, now_s)
    if isinstance(message, ClipScored):
        if message.run != LIVE or message.is_late:
            return False
        latest.score = message
    elif isinstance(message, ClipsScored):
        return False  # a replay's
    elif isinstance(message, PosesExtracted):
        latest.poses.append(message)
        _note_looked(latest, message, now_s)
    elif isinstance(message, SourceHealth):
        _note_health(latest, message)
    return True


def _note_clip(latest: Latest, clip: ClipRecorded, now_s: float) -> bool:
    if clip.is_late:
        return False
    latest.clip, latest.arrived_s = ShownClip(clip), now_s
    if latest.hidden_from:
        latest.waiting.append(latest.clip)
    return True


def _note_looked(latest: Latest, poses: PosesExtracted, now_s: float) -> None:
    """The clip that was looked at may be shown; those before it were passed over."""
    if not latest.hidden_from:
        latest.waiting.clear()
    place = poses.origin_at, poses.clip.index
    while latest.waiting and _place(latest.waiting[0].clip) <= place:
        shown = latest.waiting.popleft()
        if _place(shown.clip) == place:
            latest.looked, latest.looked_s = shown, now_s


def _place(clip: ClipRecorded) -> tuple[datetime, int]:
    return clip.origin_at, clip.index


def _note_health(latest: Latest, message: SourceHealth) -> None:
    if message.is_over:
        latest.conditions.pop(message.condition, None)
        return
    latest.conditions[message.condition] = ConditionView(
        condition=message.condition,
        started_at=message.moment(message.start_s),
        ended_at=message.moment(max(message.start_s, message.at_s)),
        is_over=False,
        detail=message.detail,
        count=message.count,
    )
