"""The spools of this machine, connected to Kafka as the settings say."""

from uuid import UUID

from schemas import groups
from schemas.topics import CLIPS_BULK
from services.chassis.clock import SystemClock
from services.chassis.streaming.lag import GroupLag, Lag
from services.chassis.streaming.publisher import KafkaPublisher
from services.ingest.config import IngestSettings
from services.ingest.spool.room import Aside, BulkRoom
from services.ingest.spool.sender import Spool
from services.ingest.spool.store import SpoolLimits
from services.ingest.spool.stragglers import Stragglers, spool_folder
from services.ingest.throttle import Slowest

ACKNOWLEDGED_WITHIN_S = 4.0
"""Kafka that took nothing for so long is away."""
ABOVE_UPLOADS = 2
"""Late clips pass where uploads wait: an endless row of these would hold them up for ever."""


def connect_spool(settings: IngestSettings, source_id: UUID) -> Spool:
    """Of one camera; `start` or `open` it. Its publisher is its own."""
    return Spool(
        spool_folder(settings.spool_folder, source_id),
        _publisher(settings),
        SystemClock(),
        _limits(settings),
        _room(settings),
    )


def connect_stragglers(settings: IngestSettings) -> Stragglers:
    """For the worker that spawns the cameras' processes."""
    return Stragglers(
        settings.spool_folder,
        _publisher(settings),
        SystemClock(),
        _limits(settings),
        _room(settings),
    )


def _publisher(settings: IngestSettings) -> KafkaPublisher:
    return KafkaPublisher(settings, "ingest", within_s=ACKNOWLEDGED_WITHIN_S)


def _limits(settings: IngestSettings) -> SpoolLimits:
    return SpoolLimits(settings.spool_bytes, settings.spool_reserve_bytes)


def _room(settings: IngestSettings) -> Aside:
    def lag() -> Lag:
        return Slowest(
            [
                GroupLag(settings, groups.features(name, "bulk"), CLIPS_BULK)
                for name in settings.backbone_names
            ]
        )

    return Aside(BulkRoom(lag, ABOVE_UPLOADS * settings.max_ahead_clips))
