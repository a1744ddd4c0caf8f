"""A reader for demuxers that keep what they do not understand: it ends before memory does."""

import io
from typing import BinaryIO


class BoundedReader:
    """Reads a file for a demuxer; once too much was read since the latest packet, it is at its
    end. 500 MB of zeros behind a bare H.264 stream would be one packet otherwise.
    """

    def __init__(self, readable: BinaryIO, max_silent_bytes: int) -> None:
        self._readable, self._most = readable, max_silent_bytes
        self._silent = 0

    def heard(self) -> None:
        """A packet came out: the count begins anew."""
        self._silent = 0

    def read(self, size: int = -1) -> bytes:
        if self._silent > self._most:
            return b""
        content = self._readable.read(size)
        self._silent += len(content)
        return content

    def seek(self, offset: int, whence: int = io.SEEK_SET) -> int:
        return self._readable.seek(offset, whence)

    def tell(self) -> int:
        return self._readable.tell()

    def seekable(self) -> bool:
        return True
