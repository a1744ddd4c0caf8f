"""The object store port: what services may ask of it, and a fake for tests.

Keys are paths without a leading slash, e.g. `videos/<id>/original`. `put` replaces; nothing is
visible before it is whole. All methods raise ObjectMissing for an absent key and TransientError
when the store cannot be reached.
"""

import io
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime, timedelta
from pathlib import Path
from typing import BinaryIO, Protocol


class ObjectMissing(KeyError):
    """There is no object of that key."""


@dataclass(frozen=True)
class ObjectInfo:
    key: str
    size_bytes: int
    content_type: str
    etag: str


class ObjectStore(Protocol):
    def put(self, key: str, stream: BinaryIO, content_type: str) -> ObjectInfo:
        """Store a stream of unknown length, in parts, with bounded memory."""

    def put_file(self, key: str, path: Path, content_type: str) -> ObjectInfo: ...

    def get(self, key: str) -> bytes:
        """The whole object; for small ones."""

    def read_range(self, key: str, start: int, length: int) -> bytes:
        """At most `length` bytes from `start`; empty at or past the end."""

    def stat(self, key: str) -> ObjectInfo: ...

    def delete(self, key: str) -> None:
        """Absent keys are fine."""

    def list(self, prefix: str) -> Iterable[ObjectInfo]: ...

    def give_back(self, prefix: str, before: datetime) -> int:
        """Free what was stored of objects that were begun before then and never became whole.
        Returns how many those were.
        """

    def presign(self, key: str, expires: timedelta) -> str:
        """A link that needs no credentials, valid that long."""


class ObjectReader(io.RawIOBase):
    """A seekable file over byte ranges of one object. Wrap it: `open_object` does."""

    def __init__(self, store: ObjectStore, key: str) -> None:
        self._store, self._key = store, key
        self._size = store.stat(key).size_bytes
        self._position = 0

    def readable(self) -> bool:
        return True

    def seekable(self) -> bool:
        return True

    def tell(self) -> int:
        return self._position

    def seek(self, offset: int, whence: int = io.SEEK_SET) -> int:
        base = {io.SEEK_SET: 0, io.SEEK_CUR: self._position, io.SEEK_END: self._size}[whence]
        self._position = max(0, base + offset)
        return self._position

    def readinto(self, buffer: memoryview) -> int:  # type: ignore[override]
        wanted = min(len(buffer), self._size - self._position)
        if wanted <= 0:
            return 0
        chunk = self._store.read_range(self._key, self._position, wanted)
        buffer[: len(chunk)] = chunk
        self._position += len(chunk)
        return len(chunk)


def open_object(store: ObjectStore, key: str, buffer_bytes: int = 1 << 20) -> io.BufferedReader:
    """A seekable reader over ranges of one object: nobody copies a whole video anywhere."""
    return io.BufferedReader(ObjectReader(store, key), buffer_bytes)


class MemoryObjects:
    """The fake, held to the same conformance suite as the real store."""

    def __init__(self) -> None:
        self._objects: dict[str, tuple[bytes, str]] = {}

    def put(self, key: str, stream: BinaryIO, content_type: str) -> ObjectInfo:
        self._objects[key] = (stream.read(), content_type)
        return self.stat(key)

    def put_file(self, key: str, path: Path, content_type: str) -> ObjectInfo:
        return self.put(key, io.BytesIO(path.read_bytes()), content_type)

    def get(self, key: str) -> bytes:
        return self._find(key)[0]

    def read_range(self, key: str, start: int, length: int) -> bytes:
        return self._find(key)[0][start : start + length]

    def stat(self, key: str) -> ObjectInfo:
        content, content_type = self._find(key)
        return ObjectInfo(key, len(content), content_type, str(hash(content)))

    def delete(self, key: str) -> None:
        self._objects.pop(key, None)

    def list(self, prefix: str) -> Iterable[ObjectInfo]:
        return [self.stat(key) for key in sorted(self._objects) if key.startswith(prefix)]

    def give_back(self, prefix: str, before: datetime) -> int:
        """Nothing is ever half stored here."""
        return 0

    def presign(self, key: str, expires: timedelta) -> str:
        return f"memory://{key}?expires={expires.total_seconds():.0f}"

    def _find(self, key: str) -> tuple[bytes, str]:
        try:
            return self._objects[key]
        except KeyError:
            raise ObjectMissing(key) from None
