"""What the stream does of calibrations: it takes verdicts, and puts out what changed."""

from collections.abc import Callable, Mapping
from dataclasses import replace
from datetime import datetime
from uuid import UUID

from schemas.judgements import LIVE, ClipJudged
from schemas.reviews import AlertReviewed, EventMissed
from schemas.topics import CALIBRATIONS, HEALTH
from services.chassis.streaming.records import Outgoing, Record
from services.scoring.episodes.budgets import Learned, with_verdict
from services.scoring.episodes.calibrations import calibrated, digest, drift, told_apart
from services.scoring.episodes.policy import Terms
from services.scoring.episodes.reviewed import aimed
from services.scoring.episodes.table import Kept

Entered = Callable[[str, Kept], Mapping[str, Terms]]
"""The terms, as they were entered, of the models of a run of which something is learned."""


class Calibrating:
    """Remembers under which terms each source was told of last: a mark that is entered anew is told
    with the next clip.
    """

    def __init__(self, entered: Entered) -> None:
        self._entered = entered
        self._under: dict[tuple[bytes, str], Mapping[str, Terms]] = {}

    def take(
        self,
        kept: Kept,
        learned: Learned,
        record: Record,
        judged: ClipJudged,
        entered: Mapping[str, Terms],
    ) -> tuple[Kept, list[Outgoing]]:
        """A judgement was taken under terms that were entered, and taught this; what is to be put
        out.
        """
        if judged.source_kind != "camera" or judged.is_late:
            return kept, []
        source = record.key or b""
        is_same = self._under.get((source, judged.run)) is entered
        if learned is kept.learned and is_same:
            return kept, []
        is_due = not is_same or told_apart(kept.learned, learned)
        kept = replace(kept, learned=learned)
        if not is_due:
            return kept, []
        self._under[(source, judged.run)] = entered
        at = judged.moment(judged.clips[-1].start_s)
        kept, outputs = self._told(kept, record, judged.source_id, at)
        if judged.run != LIVE:
            return kept, outputs
        now = drift(kept.drift, learned, judged, entered)
        if now is kept.drift or now is None:
            return kept, outputs
        return replace(kept, drift=now), [*outputs, Outgoing(HEALTH, now, record.headers)]

    def review(
        self, kept: Kept | None, record: Record, message: AlertReviewed | EventMissed
    ) -> tuple[Kept | None, list[Outgoing]]:
        """People said something of a source. Of a source that nothing is kept of it changes
        nothing, nor of replays.
        """
        if kept is None:
            return None, []
        learned = kept.learned
        for one in aimed(message):
            if one.run == LIVE or any(run == one.run for run, _ in kept.runs):
                learned = with_verdict(learned, one.run, one.model_id, one.verdict)
        if learned is kept.learned:
            return kept, []
        at = message.reported_at if isinstance(message, EventMissed) else message.reviewed_at
        return self._told(replace(kept, learned=learned), record, message.source_id, at)

    def _told(
        self, kept: Kept, record: Record, source_id: UUID, at: datetime
    ) -> tuple[Kept, list[Outgoing]]:
        """The calibration of the source, where it is another than what was put out last."""
        message = calibrated(source_id, kept.learned, lambda run: self._entered(run, kept), at)
        now = digest(message)
        if now == kept.calibrated:
            return kept, []
        output = Outgoing(CALIBRATIONS, message, record.headers)
        return replace(kept, calibrated=now), [output]
