"""A submitted video on its way through ingest: what happens to it in the end, whatever it is."""

import time
from collections.abc import Iterator
from threading import Event
from typing import Literal

from schemas.base import Message
from schemas.clips import ClipRecorded
from schemas.topics import CLIPS_BULK, VIDEO_PROGRESS, Topic
from schemas.videos import VideoSubmitted
from services.chassis.errors import TransientError
from services.chassis.media.limits import BadVideo
from services.chassis.media.stored import clock_key, playable_key
from services.chassis.storage.objects import ObjectMissing
from services.chassis.streaming.handler import Cancelled
from services.chassis.streaming.publisher import Publisher
from services.chassis.streaming.records import Incoming, Outgoing
from services.chassis.telemetry import logs, metrics
from services.ingest.job import Job, Surroundings

log = logs.get("upload")

TURN_S = 1.0
TURN_MESSAGES = 64
MOST_DEATHS = 3
"""So many processes died with this video at work; then it is given up."""
UNFORESEEN = "The video cannot be analysed: reading it ended in an error that was not foreseen."
DEADLY = "The video cannot be analysed: reading it ended the service again and again."
State = Literal["cutting", "copying", "done"]


class Upload:
    """Goes on by turns: first its clips, then the playable copy. A bad video is a failed analysis,
    never a dead letter and never the end of the service.
    """

    def __init__(self, around: Surroundings, incoming: Incoming, deaths: int = 0) -> None:
        """`deaths`: how many processes died with this video at work."""
        assert isinstance(incoming.message, VideoSubmitted)
        self._around, self._incoming, self._deaths = around, incoming, deaths
        self.video = incoming.message
        self.record = incoming.record
        self.cancelled = Event()
        self.is_removed = False
        self.is_paused = False
        """It keeps its place and what it has open, and gets no turn."""
        self.state: State = "cutting"
        self.outages = 0
        self._job = Job(around, self.video, self.cancelled)
        self._messages = self._cutting()

    @property
    def is_suspect(self) -> bool:
        """A process died with it at work: nothing else is at work beside it."""
        return self._deaths > 0

    def begin_anew(self) -> None:
        """Forget how far it came with what it was at."""
        if self.state == "copying":
            self._messages = self._copying()
        else:
            self._job = Job(self._around, self.video, self.cancelled)
            self._messages = self._cutting()

    def go_on(self, publisher: Publisher) -> None:
        """One turn; what it put out is acknowledged. `state` says what comes next.

        Raises Cancelled, or TransientError: then it must begin anew.
        """
        with self._around.workspace.at_work(self.video.video_id, self._deaths + 1):
            is_over = self._put_out(publisher)
            publisher.flush()
        if is_over and self.state == "cutting" and self._job.needs_copy:
            self.state, self._messages = "copying", self._copying()
        elif is_over:
            self.state = "done"

    def clean_up(self) -> None:
        """It was cancelled; of a removed video nothing stays in the store.

        Raises TransientError.
        """
        self._messages = iter(())
        if self.is_removed:
            for key in (playable_key, clock_key):
                self._around.store.delete(key(self.video.object_key))

    def _put_out(self, publisher: Publisher) -> bool:
        ends_at = time.monotonic() + TURN_S
        for _ in range(TURN_MESSAGES):
            message = next(self._messages, None)
            if message is None:
                return True
            publisher.publish(Outgoing(_topic(message), message, self.record.headers))
            if time.monotonic() > ends_at:
                break
        return False

    def _cutting(self) -> Iterator[Message]:
        is_deadly = self._deaths >= MOST_DEATHS
        if self._incoming.again and self._job.is_cut_before(with_copy=not is_deadly):
            return
        names = {"video_id": str(self.video.video_id), "filename": self.video.filename}
        log.info("cutting", **names)
        try:
            if is_deadly:
                raise BadVideo(DEADLY)
            yield from self._job.clips()
            log.info("cut", clips=self._job.report.clip_count, **names)
        except BadVideo as error:
            yield self._failed("unreadable", str(error))
        except ObjectMissing:
            yield self._failed("missing", "The video is not in the store any more.")
        except (Cancelled, TransientError):
            raise
        except Exception:
            log.exception("the analysis ended in an error", **names)
            yield self._failed("unforeseen", UNFORESEEN)

    def _copying(self) -> Iterator[Message]:
        """The analysis stands without a copy, whatever goes wrong with it."""
        try:
            yield from self._job.copy()
        except (Cancelled, TransientError):
            raise
        except Exception:
            log.exception("no playable copy", video_id=str(self.video.video_id))

    def _failed(self, reason: str, sentence: str) -> Message:
        metrics.count("videos_failed", reason)
        message = self._job.report.failed(sentence)
        log.warning("failed", video_id=str(message.video_id), error=sentence)
        return message


def _topic(message: Message) -> Topic:
    if isinstance(message, ClipRecorded):
        metrics.count("clips_recorded", message.source_kind)
        return CLIPS_BULK
    return VIDEO_PROGRESS
