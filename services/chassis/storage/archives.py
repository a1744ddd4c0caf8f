"""Zip files that are the same bytes whenever the same files are packed."""

from collections.abc import Iterable
from pathlib import Path
from zipfile import ZIP_STORED, ZipFile, ZipInfo

EARLIEST = (1980, 1, 1, 0, 0, 0)
"""The zip format knows no time before it."""


def write_archive(path: Path, files: Iterable[tuple[str, Iterable[bytes]]]) -> None:
    """Files in their order, uncompressed (media is compressed already), without times or owners.
    Memory is a block.
    """
    with ZipFile(path, "w", ZIP_STORED) as archive:
        for name, blocks in files:
            info = ZipInfo(name, EARLIEST)
            info.create_system = 3  # as on Unix, wherever this runs
            info.external_attr = 0o644 << 16
            with archive.open(info, "w") as file:
                for block in blocks:
                    file.write(block)
