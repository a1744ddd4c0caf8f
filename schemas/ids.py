"""Deterministic ids (UUIDv5), so that whatever happens twice is recognised the second time."""

from uuid import UUID, uuid5

NAMESPACE = UUID("6d1d6f5e-5a5b-5c0b-9c43-6e69676874ff")


def clip_id(source_id: UUID, start_s: float) -> UUID:
    """Id of the clip of `source_id` that starts at `start_s` (microsecond precision)."""
    return uuid5(source_id, f"clip/{round(start_s * 1_000_000)}")


def embedding_id(first_clip_id: UUID, backbone: str) -> UUID:
    return uuid5(first_clip_id, f"embedding/{backbone}")


def poses_id(clip_id: UUID, backbone: str) -> UUID:
    return uuid5(clip_id, f"poses/{backbone}")


def alert_id(source_id: UUID, rule: str, opening_clip_id: UUID) -> UUID:
    return uuid5(source_id, f"alert/{rule}/{opening_clip_id}")


def delivery_id(alert_id: UUID, channel: str, target: str) -> UUID:
    return uuid5(alert_id, f"delivery/{channel}/{target}")


def event_id(type_name: str, content: bytes) -> UUID:
    """CloudEvents id: the same content of the same type is the same event."""
    return uuid5(NAMESPACE, type_name + "/" + content.hex())
