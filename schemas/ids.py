"""Deterministic ids (UUIDv5), so that whatever happens twice is recognised the second time, and the
keys of objects that follow from an id.
"""

from collections.abc import Iterable
from datetime import UTC, datetime
from hashlib import sha1
from uuid import UUID, uuid4, uuid5

NAMESPACE = UUID("6d1d6f5e-5a5b-5c0b-9c43-6e69676874ff")

DEFAULT_TENANT = uuid5(NAMESPACE, "tenant/default")
"""The tenant of a machine on which nobody has made another."""

SHARES = 2**32
"""The last four bytes of an id, which are random in any version."""

SEGMENT_NAME = "%Y%m%dT%H%M%S%fZ"


def default_store(tenant_id: UUID) -> UUID:
    """The store that every tenant has from its beginning."""
    return uuid5(tenant_id, "store/default")


def spread_id(others: Iterable[UUID]) -> UUID:
    """A random id (UUIDv4) of a source, whose `share_of` lies in the middle of the widest gap
    between those of the others.
    """
    places = sorted({other.int % SHARES for other in others})
    if not places:
        return uuid4()
    ends = [*places[1:], places[0] + SHARES]
    width, start = max((end - place, -place) for place, end in zip(places, ends, strict=True))
    place = (width // 2 - start) % SHARES
    return UUID(int=uuid4().int // SHARES * SHARES + place)


def share_of(source_id: UUID) -> float:
    """Where in a stretch of time that comes again and again a source has its turn, in [0, 1)."""
    return source_id.int % SHARES / SHARES


def clip_id(source_id: UUID, origin_at: datetime, index: int) -> UUID:
    """Id of clip `index` on the grid of `source_id` that begins at `origin_at`."""
    return uuid5(source_id, f"clip/{_text(origin_at)}/{index}")


def embedding_id(first_clip_id: UUID, backbone: str) -> UUID:
    return uuid5(first_clip_id, f"embedding/{backbone}")


def poses_id(clip_id: UUID, backbone: str) -> UUID:
    return uuid5(clip_id, f"poses/{backbone}")


def alert_id(run: str, model_id: str, rule: str, opening_clip_id: UUID) -> UUID:
    """The same episode under another run, model or rule is another alert."""
    return uuid5(opening_clip_id, f"alert/{run}/{model_id}/{rule}")


def health_id(source_id: UUID, origin_at: datetime, condition: str, start_ms: int) -> UUID:
    """The same condition of a source, from its beginning to its end."""
    return uuid5(source_id, f"health/{_text(origin_at)}/{condition}/{start_ms}")


def original_key(video_id: UUID) -> str:
    """Where an uploaded video lies as it was handed in."""
    return f"videos/{video_id}/original"


def segment_id(source_id: UUID, started_at: datetime) -> UUID:
    return uuid5(source_id, f"segment/{_text(started_at)}")


def segment_key(source_id: UUID, started_at: datetime) -> str:
    """Where a recorded segment lies in the object store; keys of a source sort by time."""
    return f"{segment_prefix(source_id)}{segment_name(started_at)}.mp4"


def segment_prefix(source_id: UUID) -> str:
    """All segments of a source have keys that begin so."""
    return f"recordings/{source_id}/"


def segment_name(started_at: datetime) -> str:
    """The moment as file names carry it; names sort by time."""
    return f"{started_at.astimezone(UTC):{SEGMENT_NAME}}"


def segment_started_at(key: str) -> datetime:
    """When the segment of a key, or a file of that name, begins. Raises ValueError."""
    name = key.rpartition("/")[2].removesuffix(".mp4")
    return datetime.strptime(name, SEGMENT_NAME).replace(tzinfo=UTC)


def delivery_id(alert_id: UUID, channel: str, target: str) -> UUID:
    return uuid5(alert_id, f"delivery/{channel}/{target}")


def snapshot_key(alert_id: UUID) -> str:
    """Where the JPEG of an alert lies, once it is made."""
    return f"alerts/{alert_id}/snapshot.jpg"


def hidden_snapshot_key(alert_id: UUID) -> str:
    """Where the JPEG of an alert with hidden faces lies, for mails, where faces are hidden."""
    return f"alerts/{alert_id}/snapshot-hidden.jpg"


def evidence_key(alert_id: UUID) -> str:
    """Where the MP4 of an alert lies, once it is made."""
    return f"alerts/{alert_id}/evidence.mp4"


def montage_key(alert_id: UUID) -> str:
    """Where the contact sheet of an alert lies, once it is made."""
    return f"alerts/{alert_id}/montage.jpg"


def enhanced_key(alert_id: UUID) -> str:
    """Where the enhanced still of an alert lies, once it is made."""
    return f"alerts/{alert_id}/enhanced.jpg"


def heads_key(alert_id: UUID) -> str:
    """Where it lies whose heads are where in the evidence, if a pose network looked."""
    return f"alerts/{alert_id}/heads.json"


def manifest_key(alert_id: UUID) -> str:
    """Where the signed list of all that is kept of an alert lies."""
    return f"alerts/{alert_id}/manifest.json"


def signature_key(alert_id: UUID) -> str:
    return f"alerts/{alert_id}/manifest.sig"


def evidence_prefix(alert_id: UUID) -> str:
    """All that is kept of an alert has keys that begin so; the names are those of its pack."""
    return f"alerts/{alert_id}/"


def hold_key(alert_id: UUID) -> str:
    """While this object is there nobody deletes what is kept of the alert."""
    return f"holds/{alert_id}"


def event_id(type_name: str, *content: bytes) -> UUID:
    """CloudEvents id: the same content of the same type is the same event."""
    digest = sha1(NAMESPACE.bytes + type_name.encode() + b"/", usedforsecurity=False)
    for part in content:
        digest.update(part)
    return UUID(bytes=digest.digest()[:16], version=5)


def _text(moment: datetime) -> str:
    return moment.astimezone(UTC).isoformat(timespec="microseconds")
