"""Thumbnails in a pool of their own: pictures that take long keep nothing else waiting."""

import asyncio
from concurrent.futures import ThreadPoolExecutor

from services.api.frames import Thumbnails

AT_ONCE = 2


class TooManyThumbnails(Exception):
    """So many pictures wait already that this one is not begun. The text is one sentence."""


class ThumbnailPool:
    """Belongs to one event loop."""

    def __init__(self, thumbnails: Thumbnails, most_waiting: int) -> None:
        self._thumbnails, self._most = thumbnails, most_waiting
        self._threads = ThreadPoolExecutor(AT_ONCE, thread_name_prefix="thumbnail")
        self._under_way = 0

    async def get(self, key: str, time_s: float, width: int) -> bytes:
        """A JPEG. Raises TooManyThumbnails, NoFrame, ObjectMissing, TransientError."""
        if self._under_way >= self._most + AT_ONCE:
            raise TooManyThumbnails("Too many pictures are asked for at once; try again.")
        self._under_way += 1
        work = self._threads.submit(self._thumbnails.get, key, time_s, width)
        try:
            return await asyncio.wrap_future(work)
        finally:
            self._under_way -= 1

    def close(self) -> None:
        """Pictures that wait are given up; those at work are waited for."""
        self._threads.shutdown(cancel_futures=True)
