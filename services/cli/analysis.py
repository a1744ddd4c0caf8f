"""One file on its way through a running stack: upload, wait, read the scores and alerts."""

import os
import threading
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, TypeVar
from uuid import UUID

import httpx

from services.cli.admission import Admission
from services.cli.client import Client
from services.cli.footage import render_scene
from services.cli.screen import printable

DISK_FULL = 507
T = TypeVar("T")
UPLOADS_AT_ONCE = 4
"""A few fill the network of any machine; the API takes eight."""
Told = dict[str, Any]


@dataclass(frozen=True)
class Patience:
    """How long to wait for what, in seconds."""

    poll_s: float = 0.3
    """Between two questions, whichever of the files under way they are about: each takes the API
    some milliseconds of a core that the network may want.
    """
    retry_s: float = 1.0
    outage_s: float = 180.0
    """So long a server may be away: the supervisor starts it again."""
    stall_s: float = 900.0
    """When no analysis gets any further for so long, those under way have failed."""


class AnalysisFailed(Exception):
    """One sentence for the user, and the video's id if it got so far."""

    def __init__(self, sentence: str, video_id: UUID | None = None) -> None:
        super().__init__(sentence)
        self.video_id = video_id


class Stopped(Exception):
    """The user pressed Ctrl-C."""


@dataclass
class Analyst:
    """Takes files through the stack, one a thread. `heard` is told how far each one got, 0 to 1.

    As many are under way as `footage` admits, so that upload, cutting and embedding of different
    files overlap. They wait for one another in the services, so it counts as progress of all when
    one gets further.
    """

    client: Client
    folder: Path
    heard: Callable[[str, float], None]
    stopped: threading.Event = field(default_factory=threading.Event)
    patience: Patience = Patience()
    footage: Admission = field(default_factory=Admission)
    _moved_at: float = field(default_factory=time.monotonic)
    _senders: threading.Semaphore = field(
        default_factory=lambda: threading.Semaphore(UPLOADS_AT_ONCE)
    )

    def analyze(self, name: str) -> Told:
        """What `--json` prints for the file. Raises Stopped; a bad file is no exception."""
        try:
            found = self._take_through(name)
        except AnalysisFailed as failure:
            found = failed(name, failure)
        self.heard(name, 1.0)
        return found

    def _take_through(self, name: str) -> Told:
        path = self._path(name)
        require_readable(path, name)
        with self.footage.admit(path.stat().st_size, self.stopped):
            if self.stopped.is_set():
                raise Stopped
            return self._follow(name, self._hand_in(path, name))

    def _hand_in(self, path: Path, name: str) -> UUID:
        try:
            with self._senders:
                return self._patiently(lambda: self.client.upload(path))
        except OSError as error:
            raise AnalysisFailed(f"{name} cannot be read: {error.strerror or error}.") from error

    def _path(self, name: str) -> Path:
        if not name.startswith("sim:"):
            return Path(name)
        try:
            with self._senders:
                return render_scene(self.folder, name).path
        except ValueError as error:
            raise AnalysisFailed(f"{name} is no scene: {one_line(error)}") from error

    def _follow(self, name: str, video_id: UUID) -> Told:
        """Wait for the end, read everything."""
        try:
            video = self._until_ended(name, video_id)
            if video["state"] == "failed":
                raise AnalysisFailed(video["error"] or "The analysis failed.", video_id)
            timeline = self._patiently(lambda: self.client.timeline(video_id))
            if not (timeline["clips"] and timeline["heads"]):
                raise AnalysisFailed("Not one clip of it has a score.", video_id)
            return report(printable(name), video, timeline)
        except AnalysisFailed as failure:
            failure.video_id = video_id
            raise

    def _until_ended(self, name: str, video_id: UUID) -> Told:
        seen: tuple[Any, ...] = ()
        self._moved_at = time.monotonic()
        while True:
            video = self._patiently(lambda: self.client.video(video_id))
            if video["state"] in ("done", "failed"):
                self._moved_at = time.monotonic()
                return video
            self.heard(name, video["progress"])
            now = (video["state"], video["decoded"], video["clips_scored"])
            if now != seen or video["is_paused"]:
                seen, self._moved_at = now, time.monotonic()
            elif time.monotonic() - self._moved_at > self.patience.stall_s:
                stall_s = self.patience.stall_s
                raise AnalysisFailed(f"The analysis got no further for {stall_s:g} s.")
            self._pause(self.patience.poll_s * self.footage.files)

    def _patiently(self, call: Callable[[], T]) -> T:
        """Try again while a server is away; raises AnalysisFailed for a refusal."""
        deadline = time.monotonic() + self.patience.outage_s
        while True:
            try:
                return call()
            except httpx.HTTPStatusError as error:
                code = error.response.status_code
                if code < 500 or code == DISK_FULL or time.monotonic() > deadline:
                    raise AnalysisFailed(refusal(error.response)) from error
            except httpx.TransportError as error:
                if time.monotonic() > deadline:
                    raise AnalysisFailed(f"The API does not answer: {one_line(error)}") from error
            self._pause(self.patience.retry_s)

    def _pause(self, seconds: float) -> None:
        if self.stopped.wait(seconds):
            raise Stopped


def refusals(names: Sequence[str]) -> list[Told]:
    """The result of each file that cannot even be sent."""
    found = []
    for name in names:
        try:
            if not name.startswith("sim:"):
                require_readable(Path(name), name)
        except AnalysisFailed as failure:
            found.append(failed(name, failure))
    return found


def failed(name: str, failure: AnalysisFailed) -> Told:
    """The line of a file whose analysis failed."""
    video_id = {"video_id": str(failure.video_id)} if failure.video_id else {}
    error = printable(str(failure))
    return {"file": printable(name), **video_id, "state": "failed", "error": error}


def require_readable(path: Path, name: str) -> None:
    """Raises AnalysisFailed for what cannot even be sent."""
    if not name.strip():
        raise AnalysisFailed("A file name is empty.")
    if path.is_dir():
        raise AnalysisFailed(f"{name} is a folder, not a video.")
    if not os.path.lexists(path):
        raise AnalysisFailed(f"There is no file {name}.")
    if not path.is_file():
        raise AnalysisFailed(f"{name} is no file that can be read.")
    try:
        with path.open("rb") as file:
            first = file.read(1)
    except OSError as error:
        raise AnalysisFailed(f"{name} cannot be read: {error.strerror}.") from error
    if not first:
        raise AnalysisFailed("The file is empty.")


def report(name: str, video: Told, timeline: Told) -> Told:
    """The line of a file that is done; exactly these keys, times in seconds.

    A clip has `heads` where several looked at it: the label, score and calibrated score of each.
    """
    clips, heads = timeline["clips"], timeline["heads"]
    labels = {head["rule"]: head["label"] for head in heads}
    return {
        "file": name,
        "video_id": video["video_id"],
        "state": "done",
        "duration_s": max((clip["end_s"] for clip in clips), default=video["duration_s"] or 0.0),
        "backbone": heads[0]["backbone"],
        "head": _highest(clips[-1], heads)["head"],
        "clips": [_clip(clip, labels) for clip in clips],
        "alerts": [
            _only(alert, "label", "start_s", "end_s", "peak_s", "peak_score")
            for alert in timeline["alerts"]
        ],
    }


def refusal(response: httpx.Response) -> str:
    """The sentence of the problem details, if that is what came back."""
    try:
        return str(response.json()["detail"])
    except (ValueError, KeyError, TypeError):
        return f"The API answered {response.status_code} {response.reason_phrase}."


def one_line(error: Exception) -> str:
    text = " ".join(str(error).split()) or type(error).__name__
    return text if text.endswith(".") else f"{text}."


def _clip(clip: Told, labels: dict[str, str]) -> Told:
    told = _only(clip, "start_s", "end_s", "score", "calibrated")
    if "heads" not in clip:
        return told
    says = [
        {"label": labels[said["rule"]], **_only(said, "score", "calibrated")}
        for said in clip["heads"]
    ]
    return told | {"heads": says}


def _highest(clip: Told, heads: Sequence[Told]) -> Told:
    """The head whose score is the clip's; the first of equals."""
    if "heads" not in clip:
        return heads[0]
    top = max(clip["heads"], key=lambda scored: scored["calibrated"])
    return next(head for head in heads if head["rule"] == top["rule"])


def _only(content: Told, *names: str) -> Told:
    return {name: content[name] for name in names}
