"""Shadows: detectors that look on, behind the live ones and in nobody's way.

They read the same records as a consumer group of their own. So they wait for nothing and nothing
waits for them: who is slow falls behind, and goes on from its commit after kill -9.
"""

from collections.abc import Callable, Iterable, Iterator, Sequence
from itertools import islice
from threading import Event
from uuid import UUID

from schemas.base import Message
from schemas.embeddings import EmbeddingExtracted
from schemas.poses import PosesExtracted
from services.chassis.streaming.handler import Cancelled
from services.chassis.streaming.records import Incoming, Outgoing, Record
from services.scoring.cards import MismatchError
from services.scoring.judging.assigned import Assigned, Judge
from services.scoring.judging.core import window
from services.scoring.judging.following import (
    IDLE_S,
    Followed,
    FollowingHandler,
    Prepared,
    finite,
    outgoing,
)
from services.scoring.judging.live import is_seen_by

AT_ONCE = 16
"""So many windows are judged before it is asked whether the batch was cancelled."""


class ShadowHandler(FollowingHandler):
    """Lets all shadows of a source judge its windows. One that fails is missed by nobody, and what
    cannot be judged is no dead letter: the live run says so.
    """

    def __init__(
        self,
        backbone: str,
        assigned: Callable[[UUID], Assigned],
        has_shadows: Callable[[], bool],
        idle_s: float = IDLE_S,
    ) -> None:
        """`has_shadows`: whether any source has one."""
        super().__init__(idle_s)
        self._backbone, self._assigned, self._has_shadows = backbone, assigned, has_shadows

    def is_resting(self) -> bool:
        return not self._has_shadows()

    def is_wanted(self, record: Record) -> bool:
        """Whether its source has shadows; the key names it."""
        try:
            source_id = UUID((record.key or b"").decode())
        except ValueError:
            return True
        return bool(self._assigned(source_id).shadows)

    def prepare(self, message: Message) -> Prepared | None:
        """None where no shadow is to judge it."""
        if not is_seen_by(message, self._backbone):
            return None
        assert isinstance(message, EmbeddingExtracted | PosesExtracted)
        assigned = self._assigned(message.source_id)
        if not assigned.shadows:
            return None
        try:
            beside = assigned.fitting(message).beside
            return Prepared(window(message), beside) if beside.shadows else None
        except MismatchError:
            return None

    def handle(self, batch: Sequence[Incoming], cancelled: Event) -> Iterable[Outgoing]:
        """One judgement of each shadow a window; of each shadow in order. Raises Cancelled."""
        found: list[Outgoing] = []
        for judge, followed in self._by_judge(self.fresh(finite(batch))).items():
            for some in _chunks(followed):
                if cancelled.is_set():
                    raise Cancelled
                judged = self.judged(judge, some)
                if judged is None:
                    break
                found += outgoing(judged, some)
        return found

    def _by_judge(self, fresh: Sequence[Followed]) -> dict[Judge, list[Followed]]:
        by_judge: dict[Judge, list[Followed]] = {}
        for each in fresh:
            for judge in each[0].prepared.assigned.shadows:
                if not self.is_aside(judge):
                    by_judge.setdefault(judge, []).append(each)
        return by_judge


def _chunks(followed: Sequence[Followed]) -> Iterator[Sequence[Followed]]:
    left = iter(followed)
    while some := list(islice(left, AT_ONCE)):
        yield some
