"""Who needs which footage in the object store. Pure."""

from collections import deque
from datetime import datetime, timedelta
from uuid import UUID

from schemas.recordings import FootageRequested
from services.ingest.recording.folder import RecordedSegment

MOST = 10_000
"""So many wishes are kept, the oldest dropped first: whoever still needs it asks again."""
KEPT = timedelta(minutes=15)
"""So long after its stretch and its asking a wish is kept: uploads may be held up meanwhile."""


class Requests:
    """Wishes that may still have to be met."""

    def __init__(self) -> None:
        self._wishes: deque[FootageRequested] = deque(maxlen=MOST)

    def __len__(self) -> int:
        return len(self._wishes)

    def add(self, wish: FootageRequested) -> None:
        """Asking for the same again changes nothing but for how long it is kept."""
        same = wish.source_id, wish.since_at, wish.until_at
        others = [w for w in self._wishes if (w.source_id, w.since_at, w.until_at) != same]
        self._wishes = deque((*others, wish), maxlen=MOST)

    def drop_old(self, now: datetime) -> None:
        kept = (w for w in self._wishes if max(w.until_at, w.requested_at) > now - KEPT)
        self._wishes = deque(kept, maxlen=MOST)

    def sources(self) -> set[UUID]:
        return {wish.source_id for wish in self._wishes}

    def wants(self, segment: RecordedSegment) -> bool:
        return any(
            wish.source_id == segment.source_id and segment.overlaps(wish.since_at, wish.until_at)
            for wish in self._wishes
        )

    def over_by(self, moment: datetime) -> list[FootageRequested]:
        """Those whose stretch lies behind us: what is still written may hold the end of it."""
        return [wish for wish in self._wishes if wish.until_at <= moment]
