"""One full example of every message: the source of the golden payloads under examples/.

Every optional field is set, so that a reader in another language meets each of them.
"""

from schemas.alerts import AlertOpened, AlertUpdated
from schemas.base import Message
from schemas.pushes import FramePushed
from schemas.samples import footage, models, notices
from schemas.samples.world import GREY_JPEG, NOON, SOURCE


def samples() -> tuple[Message, ...]:
    """The same messages at every call."""
    return (
        footage.source_configured(),
        notices.policy_set(),
        footage.video_submitted(),
        footage.video_progressed(),
        footage.clip_recorded(),
        footage.embedding_extracted(),
        footage.poses_extracted(),
        footage.clip_judged(),
        footage.clip_scored(),
        footage.clips_scored(),
        notices.raised(AlertOpened),
        notices.raised(AlertUpdated),
        notices.alert_closed(),
        notices.delivery_attempted(),
        notices.delivery_requested(),
        notices.target_configured(),
        notices.alert_reviewed(),
        notices.event_missed(),
        notices.source_calibrated(),
        notices.mail_requested(),
        footage.source_health(),
        footage.segment_recorded(),
        footage.footage_requested(),
        notices.keeping_configured(),
        FramePushed(source_id=SOURCE, jpeg=GREY_JPEG, pushed_at=NOON),
        models.models_deployed(),
        models.replay_requested(),
        models.replay_progressed(),
        models.extraction_progressed(),
        footage.dead_letter(),
    )
