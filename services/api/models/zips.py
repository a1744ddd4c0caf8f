"""What lies in a zip that somebody handed in, and where in it checkpoints are."""

import re
import stat
from zipfile import ZipFile, ZipInfo

MOST_FILES = 1000
ENCRYPTED = 0x1
FOLDER = re.compile(r"[A-Za-z0-9_][A-Za-z0-9_.-]{0,63}")


class BadPackage(ValueError):
    """What was handed in is no detector. The text is one sentence."""


def members(archive: ZipFile, most_bytes: int) -> dict[str, ZipInfo]:
    """Its files by name. Raises BadPackage for one that is too large, or for names that lead out
    of where it is unpacked.
    """
    files = [info for info in archive.infolist() if not info.is_dir()]
    if len(files) > MOST_FILES:
        raise BadPackage(f"The zip holds more than {MOST_FILES} files.")
    if sum(info.file_size for info in files) > most_bytes:
        raise BadPackage(f"Unpacked it is larger than {most_bytes} bytes.")
    for info in files:
        _check(info)
    return {info.filename: info for info in files}


def checkpoint_names(found: dict[str, ZipInfo], card: str) -> dict[str, str]:
    """The folders of a detector's heads, as they are to be called (empty where there is one head)
    and as they lie in the zip, in the order that decides about the detector's id.

    What surrounds them all does not count. Raises BadPackage where there is none.
    """
    holders = [name.removesuffix(card) for name in found if name.rpartition("/")[2] == card]
    if not holders:
        raise BadPackage(f"The zip holds no {card}: pack a folder that `nightclerk train` wrote.")
    around = _common(holders)
    if around in holders:
        return {"": around}
    inner = {name.removeprefix(around): name for name in holders}
    for name in inner:
        if not FOLDER.fullmatch(name.removesuffix("/")):
            raise BadPackage(f"{around}{name} is no folder of a head: heads lie side by side.")
    return {name: inner[name] for name in sorted(inner, key=lambda name: name.removesuffix("/"))}


def _common(holders: list[str]) -> str:
    """The folders that lie around all of them."""
    parts = [name.split("/")[:-1] for name in holders]
    shared = []
    for level in zip(*parts, strict=False):
        if len(set(level)) > 1:
            break
        shared.append(f"{level[0]}/")
    return "".join(shared)


def _check(info: ZipInfo) -> None:
    name = info.filename
    parts = name.split("/")
    is_outside = name.startswith("/") or ".." in parts or "\\" in name or ":" in parts[0]
    if is_outside or not name.isprintable():
        raise BadPackage(f"{name!r} leads out of the zip.")
    if stat.S_ISLNK(info.external_attr >> 16):
        raise BadPackage(f"{name} is a link.")
    if info.flag_bits & ENCRYPTED:
        raise BadPackage(f"{name} is encrypted.")
