"""Uploads that go on after a break: their bytes wait in the store as parts, whatever instance of
the API took them, until the file is whole.

A part is named by where it begins. How far an upload got is what lies there without a gap, so that
a part which is sent twice, or is lost, does no harm.
"""

import io
from collections.abc import Iterator
from datetime import datetime, timedelta
from uuid import UUID

from pydantic import BaseModel, ConfigDict

from services.api.sniffing import HEAD_BYTES
from services.chassis.storage.objects import ObjectInfo, ObjectMissing, ObjectStore

PREFIX = "uploads"
PART_BYTES = 8 * 1024 * 1024
"""What broke off within a part is sent once more."""

KEPT_FOR = timedelta(days=2)


class Begun(BaseModel):
    """What is known of an upload before its bytes: an object beside them."""

    model_config = ConfigDict(frozen=True)

    upload_id: UUID
    owner: str
    filename: str
    size_bytes: int
    store_id: UUID
    recorded_at: datetime | None
    begun_at: datetime

    @property
    def expires_at(self) -> datetime:
        return self.begun_at + KEPT_FOR


class Parts:
    """Every method may be called again. They raise what the store raises."""

    def __init__(self, store: ObjectStore) -> None:
        self._store = store

    def begin(self, begun: Begun) -> None:
        content = io.BytesIO(begun.model_dump_json().encode())
        self._store.put(_about(begun.upload_id), content, "application/json")

    def find(self, upload_id: UUID) -> Begun | None:
        try:
            return Begun.model_validate_json(self._store.get(_about(upload_id)))
        except ObjectMissing:
            return None

    def offset(self, upload_id: UUID) -> int:
        """How many bytes lie there from the first on without a gap."""
        return sum(part.size_bytes for part in self._row(upload_id))

    def add(self, upload_id: UUID, offset: int, content: bytes) -> None:
        key = f"{_parts(upload_id)}{offset:015d}"
        self._store.put(key, io.BytesIO(content), "application/octet-stream")

    def head(self, upload_id: UUID) -> bytes:
        """The first bytes, as many as sniffing asks for."""
        found = b""
        for part in self._row(upload_id):
            found += self._store.read_range(part.key, 0, HEAD_BYTES - len(found))
            if len(found) >= HEAD_BYTES:
                break
        return found

    def join(self, upload_id: UUID, key: str, content_type: str) -> None:
        """Store the whole under `key`, part by part."""
        whole = io.BufferedReader(_Joined(self._store, self._row(upload_id)), PART_BYTES)
        self._store.put(key, whole, content_type)

    def remove(self, upload_id: UUID) -> None:
        """What is known of it goes last: until then it is found again."""
        for part in list(self._store.list(_parts(upload_id))):
            self._store.delete(part.key)
        self._store.delete(_about(upload_id))

    def expire(self, now: datetime) -> int:
        """Remove what was begun long ago and never became whole; how many those were."""
        gone = 0
        for found in list(self._store.list(f"{PREFIX}/")):
            folder, _, name = found.key.rpartition("/")
            begun = self.find(UUID(folder.rpartition("/")[2])) if name == "about" else None
            if begun is not None and begun.expires_at <= now:
                self.remove(begun.upload_id)
                gone += 1
        return gone

    def _row(self, upload_id: UUID) -> Iterator[ObjectInfo]:
        parts = {part.key: part for part in self._store.list(_parts(upload_id))}
        position = 0
        while part := parts.get(f"{_parts(upload_id)}{position:015d}"):
            yield part
            position += part.size_bytes


class _Joined(io.RawIOBase):
    """The parts of an upload as one file, one of them in memory at a time."""

    def __init__(self, store: ObjectStore, parts: Iterator[ObjectInfo]) -> None:
        self._store, self._parts = store, parts
        self._left = memoryview(b"")

    def readable(self) -> bool:
        return True

    def readinto(self, buffer: memoryview) -> int:  # type: ignore[override]
        if not self._left:
            part = next(self._parts, None)
            if part is None:
                return 0
            self._left = memoryview(self._store.get(part.key))
        count = min(len(buffer), len(self._left))
        buffer[:count] = self._left[:count]
        self._left = self._left[count:]
        return count


def _about(upload_id: UUID) -> str:
    return f"{PREFIX}/{upload_id}/about"


def _parts(upload_id: UUID) -> str:
    return f"{PREFIX}/{upload_id}/part-"
