"""The registry of topics, as data: who writes, who reads, how long it is kept."""

from dataclasses import dataclass

from schemas.alerts import AlertClosed, AlertOpened, AlertUpdated
from schemas.base import Message
from schemas.calibrations import SourceCalibrated
from schemas.clips import ClipRecorded
from schemas.deadletters import DeadLetter
from schemas.deliveries import DeliveryAttempted, DeliveryRequested
from schemas.embeddings import EmbeddingExtracted
from schemas.health import SourceHealth
from schemas.judgements import ClipJudged
from schemas.keeping import KeepingConfigured
from schemas.mails import MailRequested
from schemas.models import ModelsDeployed
from schemas.policies import PolicySet
from schemas.poses import PosesExtracted
from schemas.pushes import FramePushed
from schemas.recordings import FootageRequested, SegmentRecorded
from schemas.replays import ExtractionProgressed, ReplayProgressed, ReplayRequested
from schemas.reviews import AlertReviewed, EventMissed
from schemas.scores import ClipScored, ClipsScored
from schemas.sources import SourceConfigured
from schemas.targets import TargetConfigured
from schemas.videos import VideoProgressed, VideoSubmitted

HOUR_MS = 3_600_000
DAY_MS = 24 * HOUR_MS
MIB = 1024 * 1024


@dataclass(frozen=True, kw_only=True)
class Topic:
    """One topic. The first consumer owns the dead letters of records nobody can decode.

    Services with dots before the name (`api.projector`) are parts of a service.
    """

    name: str
    messages: tuple[type[Message], ...]
    producers: tuple[str, ...]
    consumers: tuple[str, ...]
    retention_ms: int
    retention_bytes: int = -1
    max_message_bytes: int = MIB
    is_compacted: bool = False
    """Keeps the latest message of each key for good, instead of all for a time."""
    compaction_lag_ms: int = 0
    """Of a compacted topic: what a later message overtook stays for so long all the same."""
    description: str

    @property
    def dead_letter_name(self) -> str:
        return f"{self.name}.dlq"

    @property
    def key(self) -> str:
        return self.messages[0].KEY

    @property
    def config(self) -> dict[str, str]:
        """Broker-side settings, as Kafka spells them."""
        if self.is_compacted:
            return {
                "cleanup.policy": "compact",
                "max.message.bytes": str(self.max_message_bytes),
                "segment.bytes": str(16 * MIB),
                "delete.retention.ms": str(self.retention_ms),
                "min.compaction.lag.ms": str(self.compaction_lag_ms),
            }
        return {
            "cleanup.policy": "delete",
            "retention.ms": str(self.retention_ms),
            "retention.bytes": str(self.retention_bytes),
            "max.message.bytes": str(self.max_message_bytes),
            "segment.bytes": str(min(128 * MIB, max(self.retention_bytes // 8, 16 * MIB))),
        }


SOURCES = Topic(
    name="sources.v1",
    messages=(SourceConfigured,),
    producers=("api",),
    consumers=("ingest", "scoring", "alerts", "api", "reextraction"),
    retention_ms=7 * DAY_MS,
    is_compacted=True,
    description="Cameras and uploads as they are configured; a tombstone removes one.",
)
POLICIES = Topic(
    name="policies.v1",
    messages=(PolicySet,),
    producers=("api",),
    consumers=("scoring", "alerts"),
    retention_ms=7 * DAY_MS,
    is_compacted=True,
    description="The policies in force for each source.",
)
VIDEOS = Topic(
    name="videos.v1",
    messages=(VideoSubmitted,),
    producers=("api",),
    consumers=("ingest",),
    retention_ms=7 * DAY_MS,
    description="Uploaded videos that wait to be cut into clips.",
)
VIDEO_PROGRESS = Topic(
    name="video-progress.v1",
    messages=(VideoProgressed,),
    producers=("ingest",),
    consumers=("api",),
    retention_ms=7 * DAY_MS,
    description="How far the cutting of a video got.",
)
CLIPS_LIVE = Topic(
    name="clips.live.v1",
    messages=(ClipRecorded,),
    producers=("ingest",),
    consumers=("features", "api"),
    retention_ms=6 * HOUR_MS,
    retention_bytes=1024 * MIB,
    max_message_bytes=16 * MIB,
    description="Clips of cameras, with their frames.",
)
CLIPS_BULK = Topic(
    name="clips.bulk.v1",
    messages=(ClipRecorded,),
    producers=("ingest",),
    consumers=("features",),
    retention_ms=6 * HOUR_MS,
    retention_bytes=1024 * MIB,
    max_message_bytes=16 * MIB,
    description="Clips of uploaded videos, with their frames.",
)
EMBEDDINGS = Topic(
    name="embeddings.v1",
    messages=(EmbeddingExtracted,),
    producers=("features", "reextraction"),
    consumers=("scoring",),
    retention_ms=30 * DAY_MS,
    description="What the backbone saw; replay this to score again with another head.",
)
POSES = Topic(
    name="poses.v1",
    messages=(PosesExtracted,),
    producers=("features",),
    consumers=("scoring", "api", "alerts"),
    retention_ms=30 * DAY_MS,
    description="Who was seen and how they held themselves; replay this like embeddings.",
)
JUDGEMENTS = Topic(
    name="judgements.v1",
    messages=(ClipJudged,),
    producers=("scoring",),
    consumers=("scoring",),
    retention_ms=7 * DAY_MS,
    description="The raw score of each head, before calibration and rules.",
)
SCORES = Topic(
    name="scores.v1",
    messages=(ClipScored, ClipsScored),
    producers=("scoring",),
    consumers=("api",),
    retention_ms=7 * DAY_MS,
    description="Calibrated scores of each clip, with the marks in force.",
)
ALERTS = Topic(
    name="alerts.v1",
    messages=(AlertOpened, AlertUpdated, AlertClosed),
    producers=("scoring",),
    consumers=("alerts", "api"),
    retention_ms=90 * DAY_MS,
    description="Episodes that the persistence rule opened, and what became of them.",
)
DELIVERIES = Topic(
    name="deliveries.v1",
    messages=(DeliveryAttempted,),
    producers=("alerts",),
    consumers=("api",),
    retention_ms=90 * DAY_MS,
    description="Every attempt to tell somebody of an alert.",
)
HEALTH = Topic(
    name="health.v1",
    messages=(SourceHealth,),
    producers=("ingest", "features", "scoring"),
    consumers=("scoring", "api"),
    retention_ms=30 * DAY_MS,
    description="What is wrong with a camera, or was; what was left out, and why.",
)
RECORDINGS = Topic(
    name="recordings.v1",
    messages=(SegmentRecorded,),
    producers=("ingest",),
    consumers=("api", "reextraction"),
    retention_ms=30 * DAY_MS,
    description="Segments of cameras' own streams, and where they lie.",
)
FOOTAGE_REQUESTS = Topic(
    name="footage-requests.v1",
    messages=(FootageRequested,),
    producers=("alerts", "api", "reextraction"),
    consumers=("ingest",),
    retention_ms=HOUR_MS,
    description="Stretches of cameras that are needed in the object store.",
)
PUSHES = Topic(
    name="pushes.v1",
    messages=(FramePushed,),
    producers=("api",),
    consumers=("ingest",),
    retention_ms=HOUR_MS,
    retention_bytes=256 * MIB,
    description="Pictures of webcams on their way from the browser to ingest.",
)
KEEPING = Topic(
    name="keeping.v1",
    messages=(KeepingConfigured,),
    producers=("api",),
    consumers=("ingest", "alerts"),
    retention_ms=7 * DAY_MS,
    is_compacted=True,
    description="How long recordings of a source are kept, and what is under legal hold.",
)
TARGETS = Topic(
    name="targets.v1",
    messages=(TargetConfigured,),
    producers=("api",),
    consumers=("alerts",),
    retention_ms=7 * DAY_MS,
    is_compacted=True,
    description="Who is notified, how, and of what; a tombstone removes one.",
)
REVIEWS = Topic(
    name="reviews.v1",
    messages=(AlertReviewed, EventMissed),
    producers=("api",),
    consumers=("alerts", "scoring", "api"),
    retention_ms=90 * DAY_MS,
    description="What people made of alerts, and reports of events that raised none.",
)
CALIBRATIONS = Topic(
    name="calibrations.v1",
    messages=(SourceCalibrated,),
    producers=("scoring",),
    consumers=("api",),
    retention_ms=7 * DAY_MS,
    is_compacted=True,
    description="What each camera's scores and people's verdicts made of its marks.",
)
DELIVERY_REQUESTS = Topic(
    name="delivery-requests.v1",
    messages=(DeliveryRequested,),
    producers=("api",),
    consumers=("alerts",),
    retention_ms=HOUR_MS,
    description="Tests of targets, and alerts that are to be delivered once more.",
)
MAILS = Topic(
    name="mails.v1",
    messages=(MailRequested,),
    producers=("api",),
    consumers=("alerts",),
    retention_ms=DAY_MS,
    description="Invitations, password resets and notices that are to be sent.",
)
MODELS = Topic(
    name="models.v1",
    messages=(ModelsDeployed,),
    producers=("api",),
    consumers=("scoring", "api"),
    retention_ms=7 * DAY_MS,
    is_compacted=True,
    compaction_lag_ms=JUDGEMENTS.retention_ms,  # a judgement finds its model while it lies there
    description="The detectors of each tenant and store, and their shadows.",
)
REPLAYS = Topic(
    name="replays.v1",
    messages=(ReplayRequested,),
    producers=("api",),
    consumers=("scoring", "reextraction"),
    retention_ms=7 * DAY_MS,
    is_compacted=True,
    description="Stretches of the past that are to be judged again; a tombstone removes one.",
)
REPLAY_PROGRESS = Topic(
    name="replay-progress.v1",
    messages=(ReplayProgressed, ExtractionProgressed),
    producers=("scoring", "reextraction"),
    consumers=("api",),
    retention_ms=30 * DAY_MS,
    description="How far each replay got.",
)

TOPICS: tuple[Topic, ...] = (
    SOURCES,
    POLICIES,
    VIDEOS,
    VIDEO_PROGRESS,
    CLIPS_LIVE,
    CLIPS_BULK,
    EMBEDDINGS,
    POSES,
    JUDGEMENTS,
    SCORES,
    ALERTS,
    DELIVERIES,
    HEALTH,
    RECORDINGS,
    FOOTAGE_REQUESTS,
    PUSHES,
    KEEPING,
    TARGETS,
    REVIEWS,
    CALIBRATIONS,
    DELIVERY_REQUESTS,
    MAILS,
    MODELS,
    REPLAYS,
    REPLAY_PROGRESS,
)


def dead_letters(topic: Topic) -> Topic:
    """The dead-letter twin of a topic: same limit on size plus room for the envelope, 7 days."""
    return Topic(
        name=topic.dead_letter_name,
        messages=(DeadLetter,),
        producers=(topic.consumers[0],),
        consumers=("operator",),
        retention_ms=7 * DAY_MS,
        retention_bytes=topic.retention_bytes,
        max_message_bytes=topic.max_message_bytes + MIB,
        description=f"Records of {topic.name} that could not be used, byte for byte.",
    )
