"""Live judgement: each window by the first of its live detectors that does not fail."""

from collections.abc import Callable, Iterable, Sequence
from threading import Event
from uuid import UUID

from schemas.base import Message
from schemas.embeddings import EmbeddingExtracted
from schemas.judgements import ClipJudged
from schemas.poses import PosesExtracted
from services.chassis.errors import InvalidMessage
from services.chassis.streaming.records import Incoming, Outgoing
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


def is_seen_by(message: Message, backbone: str) -> bool:
    """Whether a message is for the live run and its shadows, and of this network: several share the
    topic, each with its detectors, and what was embedded anew for a replay was judged before.
    """
    assert isinstance(message, EmbeddingExtracted | PosesExtracted)
    is_anew = isinstance(message, EmbeddingExtracted) and message.made_for
    return message.backbone == backbone and not is_anew


class JudgingHandler(FollowingHandler):
    """Lets detectors judge the windows of one backbone: of each source those that `assigned` names.
    Where a deployed one fails the next in line judges the same windows.
    """

    def __init__(
        self, backbone: str, assigned: Callable[[UUID], Assigned], idle_s: float = IDLE_S
    ) -> None:
        super().__init__(idle_s)
        self._backbone, self._assigned = backbone, assigned

    def prepare(self, message: Message) -> Prepared | None:
        """None for what is not its own."""
        if not is_seen_by(message, self._backbone):
            return None
        assert isinstance(message, EmbeddingExtracted | PosesExtracted)
        try:
            assigned = self._assigned(message.source_id).fitting(message)
        except MismatchError as error:
            raise InvalidMessage(str(error)) from error
        return Prepared(window(message), assigned)

    def handle(self, batch: Sequence[Incoming], cancelled: Event) -> Iterable[Outgoing]:
        """One judgement a window, in order. Raises InvalidMessage for what is not finite."""
        if len(finite(batch)) < len(batch):
            raise InvalidMessage("the embedding is not finite")
        fresh = self.fresh(batch)
        return outgoing(self._live(fresh), fresh)

    def _live(self, fresh: Sequence[Followed]) -> list[ClipJudged]:
        """Of each window by the first of its live detectors that does not fail."""
        found: dict[int, ClipJudged] = {}
        while len(found) < len(fresh):
            by_judge: dict[Judge, list[int]] = {}
            for place, (item, _) in enumerate(fresh):
                if place not in found:
                    by_judge.setdefault(self._first(item.prepared.assigned), []).append(place)
            for judge, places in by_judge.items():
                judged = self.judged(judge, [fresh[place] for place in places])
                found.update(zip(places, judged, strict=True) if judged else ())
        return [found[place] for place in range(len(fresh))]

    def _first(self, assigned: Assigned) -> Judge:
        """The last one is that of the settings, which is never put aside."""
        return next(judge for judge in assigned.live if not self.is_aside(judge))
