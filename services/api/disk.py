"""How much room the disk has, and how a part of the API says that it does not work."""

import shutil
from dataclasses import dataclass
from pathlib import Path

MEGABYTE = 1_000_000
TIGHT_BYTES = 64 * 1024**2


@dataclass(frozen=True)
class State:
    """Whether a part works; if not, `fault` says in a few words what is wrong."""

    works: bool
    fault: str = ""


@dataclass(frozen=True)
class Disk:
    """The disk under a store that runs on this machine. It counts as full before it is: a store
    that cannot write its last page may lose more than that page.
    """

    folder: Path
    reserve_bytes: int

    def free_bytes(self) -> int:
        """What may still be written; negative once the reserve is touched."""
        return shutil.disk_usage(_existing(self.folder)).free - self.reserve_bytes

    def is_tight(self) -> bool:
        """Whether a store that refuses to write may do so for want of room: it gives up while some
        is left, when no more volumes fit.
        """
        return self.free_bytes() < TIGHT_BYTES

    def look(self) -> State:
        free = self.free_bytes()
        return State(True) if free > 0 else State(False, self.sentence())

    def sentence(self, size_bytes: int = 0) -> str:
        """What to tell whoever wants to write; of a file, how large it is."""
        free = max(0, self.free_bytes() + self.reserve_bytes) // MEGABYTE
        wanted = f", the file has {size_bytes // MEGABYTE} MB" if size_bytes else ""
        return f"The disk of the object store is full: {free} MB are free{wanted}."


def _existing(folder: Path) -> Path:
    """The folder, or the nearest one above it that is there."""
    return next(one for one in (folder.absolute(), *folder.absolute().parents) if one.exists())
