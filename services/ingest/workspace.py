"""A folder for what is in the making, one a process; what a crash left behind is removed, and
tells which videos the process died of.
"""

import os
import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from uuid import UUID

AT_WORK = ".at-work"


class Workspace:
    """Files here last as long as the work on them."""

    def __init__(self, root: Path) -> None:
        self._root = root
        self._folder = root / str(os.getpid())

    def clean(self) -> dict[UUID, int]:
        """Remove the folders of processes that are gone. Our own number is somebody's before us.

        Returns the videos that were at work when those died, and how many died with them.
        """
        deaths: dict[UUID, int] = {}
        for folder in self._root.glob("*"):
            if folder == self._folder or not _is_alive(folder.name):
                deaths.update(_deaths(folder))
                shutil.rmtree(folder, ignore_errors=True)
        return deaths

    @contextmanager
    def at_work(self, video_id: UUID, deaths: int) -> Iterator[None]:
        """Should this process die within, `deaths` processes died with the video at work."""
        self._folder.mkdir(parents=True, exist_ok=True)
        mark = self._folder / f"{video_id}{AT_WORK}"
        mark.write_text(str(deaths))
        try:
            yield
        finally:
            mark.unlink(missing_ok=True)

    @contextmanager
    def file(self, video_id: UUID) -> Iterator[Path]:
        self._folder.mkdir(parents=True, exist_ok=True)
        path = self._folder / f"{video_id}.mp4"
        try:
            yield path
        finally:
            path.unlink(missing_ok=True)

    def has_room_for(self, size_bytes: int) -> bool:
        """Twice over: moving the index to the front may take a second copy's room."""
        self._folder.mkdir(parents=True, exist_ok=True)
        return shutil.disk_usage(self._folder).free > 2 * size_bytes


def _deaths(folder: Path) -> Iterator[tuple[UUID, int]]:
    for mark in folder.glob(f"*{AT_WORK}"):
        try:
            yield UUID(mark.stem), int(mark.read_text())
        except ValueError:
            continue  # the process died while it wrote this


def _is_alive(name: str) -> bool:
    try:
        os.kill(int(name), 0)
    except (ProcessLookupError, ValueError):
        return False
    except PermissionError:
        return True
    return True
