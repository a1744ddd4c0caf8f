"""Thumbnails: a bounded pool, apart from all else."""

import asyncio
import threading
from collections.abc import Callable

import pytest

from services.api.frames import Thumbnails
from services.api.thumbnails import AT_ONCE, ThumbnailPool, TooManyThumbnails
from services.chassis.storage.objects import MemoryObjects
from tests.unit.api.conftest import Api
from tests.unit.api.test_uploads import MP4


class Held(Thumbnails):
    """Pictures that take until they are let go."""

    def __init__(self) -> None:
        super().__init__(MemoryObjects())
        self.let_go = threading.Event()

    def get(self, key: str, time_s: float, width: int) -> bytes:
        self.let_go.wait(10)
        return b"jpeg"


def test_so_many_wait_and_further_ones_are_sent_away() -> None:
    async def ask(pool: ThumbnailPool, held: Held) -> list[bytes]:
        asked = [asyncio.ensure_future(pool.get("a", t, 320)) for t in range(3 + AT_ONCE)]
        await asyncio.sleep(0)
        with pytest.raises(TooManyThumbnails):
            await pool.get("a", 99, 320)
        held.let_go.set()
        pictures = await asyncio.gather(*asked)
        return [*pictures, await pool.get("a", 99, 320)]

    held = Held()
    pool = ThumbnailPool(held, most_waiting=3)
    assert asyncio.run(ask(pool, held)) == [b"jpeg"] * (4 + AT_ONCE)
    pool.close()


def test_a_full_pool_is_503_with_a_time_to_come_back(make_api: Callable[..., Api]) -> None:
    api = make_api(api_thumbnails_waiting=1)
    video = api.upload(MP4).json()["video_id"]
    api.tools.thumbnails._under_way = 99
    answer = api.client.get(f"/api/v1/videos/{video}/frame?t=1")
    assert (answer.status_code, answer.headers["retry-after"]) == (503, "1")
