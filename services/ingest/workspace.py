"""A folder for copies in the making, one a process; what a crash left behind is removed."""

import os
import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from uuid import UUID


class Workspace:
    """Files here last as long as the work on them."""

    def __init__(self, root: Path) -> None:
        self._root = root
        self._folder = root / str(os.getpid())

    def clean(self) -> None:
        """Remove the folders of processes that are gone. Our own number is somebody's before us."""
        for folder in self._root.glob("*"):
            if folder == self._folder or not _is_alive(folder.name):
                shutil.rmtree(folder, ignore_errors=True)

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


def _is_alive(name: str) -> bool:
    try:
        os.kill(int(name), 0)
    except (ProcessLookupError, ValueError):
        return False
    except PermissionError:
        return True
    return True
