"""Which events a listener wants: pure."""

from dataclasses import dataclass

from schemas.judgements import LIVE
from services.api.events.content import Event


@dataclass(frozen=True)
class Wanted:
    """Kinds, and which sources and run; None: all that one may see.

    Of scores of a source one comes each `score_every_s`, 0: all, and the last one in any case.
    Which one that is depends on the score alone, so that whoever comes back misses none and hears
    none twice.
    """

    kinds: frozenset[str]
    source_ids: frozenset[str] | None = None
    store_ids: frozenset[str] | None = None
    run: str = LIVE
    score_every_s: float = 0.0

    def takes(self, event: Event, store_id: str | None) -> bool:
        if self.source_ids is not None and event.source_id not in self.source_ids:
            return False
        if self.store_ids is not None and store_id not in self.store_ids:
            return False
        return event.run == self.run and self._is_due(event)

    def _is_due(self, event: Event) -> bool:
        """Whether it is the first score to begin in its stretch of the source's time, or the last
        of all.
        """
        every_s = self.score_every_s
        if event.kind != "scores" or every_s <= event.length_s or event.is_last:
            return True
        before_s = event.start_s - event.length_s
        return event.start_s // every_s != before_s // every_s
