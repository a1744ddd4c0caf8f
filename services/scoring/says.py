"""What heads say of a clip, each for itself and all in one message."""

from collections.abc import Sequence

from schemas.clips import ClipRef
from schemas.scores import ClipScored, HeadScore
from services.scoring.detector import Detector
from services.scoring.heads import Head
from services.scoring.sight import Seen, clips


def say(head: Head, score: float, message: Seen, ref: ClipRef) -> ClipScored:
    """What a head would tell of a clip if it looked alone."""
    return ClipScored(
        **ref.model_dump(),
        source_id=message.source_id,
        source_kind=message.source_kind,
        origin_at=message.origin_at,
        score=score,
        calibrated=head.calibrate(score),
        high_mark=head.rule.high,
        head=head.name,
        model_id=head.model_id,
        backbone=message.backbone,
        is_last=message.is_last and ref is clips(message)[-1],
    )


def together(detector: Detector, says: Sequence[ClipScored], alerts_opened: int) -> ClipScored:
    """The say of the head whose calibrated score is highest (of equals the first's), and beside it
    every head's, where there are several.
    """
    top = max(says, key=lambda said: said.calibrated)
    heads = tuple(map(_in_brief, detector.heads, says)) if len(says) > 1 else None
    return top.model_copy(
        update={
            "model_id": detector.model_id,
            "alerts_opened": alerts_opened,
            "heads": heads,
        }
    )


def _in_brief(head: Head, said: ClipScored) -> HeadScore:
    return HeadScore(
        head=said.head,
        model_id=said.model_id,
        rule=head.rule.name,
        label=head.rule.label,
        score=said.score,
        calibrated=said.calibrated,
        high_mark=said.high_mark,
    )
