"""A zip that somebody hands in as a detector: checked without loading a network, and written anew.

What is kept holds the cards and the weights alone, in a fixed order and form: the same detector is
the same bytes, whoever packed it. Nothing of a zip is unpacked to a path, and nothing is executed.
"""

import hashlib
import json
import zlib
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import BinaryIO
from zipfile import BadZipFile, ZipFile, ZipInfo

from pydantic import ValidationError

from services.api.models.zips import BadPackage, checkpoint_names, members
from services.chassis.storage.archives import write_archive
from services.rules.cards import HeadCard, detector_id
from services.rules.folders import CARD, checkpoints

WEIGHTS = "weights.safetensors"
BLOCK = 1024 * 1024
MOST_CARD_BYTES = 1024 * 1024
MOST_HEADER_BYTES = 4 * 1024 * 1024
MOST_HEADS = 16


@dataclass(frozen=True)
class Package:
    """What a detector is by its cards."""

    cards: tuple[HeadCard, ...]

    @property
    def detector(self) -> str:
        return detector_id(tuple(card.model_id for card in self.cards))


def repack(given: BinaryIO, out: Path, most_bytes: int) -> Package:
    """Write to `out` what is kept of a zip. Raises BadPackage, whose text is one sentence."""
    try:
        with ZipFile(given) as archive:
            found = members(archive, most_bytes)
            names = checkpoint_names(found, CARD)
            if len(names) > MOST_HEADS:
                raise BadPackage(f"A detector has {MOST_HEADS} heads at most.")
            package = Package(tuple(_card(archive, found, path) for path in names.values()))
            require_together(package.cards)
            for path, card in zip(names.values(), package.cards, strict=True):
                _check_weights(archive, found, path, card)
            write_archive(out, _files(archive, found, names))
    except (BadZipFile, zlib.error, EOFError, NotImplementedError, RuntimeError) as error:
        raise BadPackage(f"The zip cannot be read: {error}.") from error
    return package


def pack(folder: Path, out: Path) -> None:
    """The same of a detector's folder."""
    found = checkpoints(folder)
    names = [""] if found == [folder] else [f"{path.name}/" for path in found]
    files = [
        (f"{name}{file}", iter([(path / file).read_bytes()]))
        for name, path in zip(names, found, strict=True)
        for file in (CARD, WEIGHTS)
    ]
    write_archive(out, files)


def require_together(cards: tuple[HeadCard, ...]) -> None:
    """Raises BadPackage for heads that cannot judge the same clips, or rules of one name."""
    inputs = {(card.backbone, card.window, card.spec) for card in cards}
    if len(inputs) > 1:
        raise BadPackage("Its heads are made for different backbones, windows or clip specs.")
    rules = Counter(card.rule.name for card in cards)
    if twice := [name for name, count in rules.items() if count > 1]:
        raise BadPackage(f"Two of its heads have a rule called {twice[0]!r}.")


def _files(
    archive: ZipFile, found: dict[str, ZipInfo], names: dict[str, str]
) -> Iterator[tuple[str, Iterator[bytes]]]:
    for name, path in names.items():
        for file in (CARD, WEIGHTS):
            yield f"{name}{file}", _blocks(archive, found[f"{path}{file}"])


def _card(archive: ZipFile, found: dict[str, ZipInfo], path: str) -> HeadCard:
    info = found[f"{path}{CARD}"]
    if info.file_size > MOST_CARD_BYTES:
        raise BadPackage(f"{info.filename} is larger than {MOST_CARD_BYTES} bytes.")
    try:
        card = HeadCard.model_validate_json(archive.read(info))
    except ValidationError as error:
        first = error.errors()[0]
        where = ".".join(str(part) for part in first["loc"])
        told = f"{where}: {first['msg']}" if where else first["msg"]
        raise BadPackage(f"{info.filename} is no card of a head: {told}.") from error
    except ValueError as error:
        raise BadPackage(f"{info.filename} is no card of a head: {error}.") from error
    if not (card.backbone.isascii() and 0 < len(card.backbone) <= 64):
        raise BadPackage(f"{info.filename} names no backbone that there could be.")
    return card


def _check_weights(archive: ZipFile, found: dict[str, ZipInfo], path: str, card: HeadCard) -> None:
    """That they are what the card says, and safetensors. Raises BadPackage."""
    info = found.get(f"{path}{WEIGHTS}")
    if info is None:
        raise BadPackage(f"{path}{WEIGHTS} is missing.")
    digest, start = hashlib.sha256(), b""
    for block in _blocks(archive, info):
        digest.update(block)
        if len(start) < MOST_HEADER_BYTES:
            start += block
    if digest.hexdigest() != card.weights_sha256:
        raise BadPackage(f"{info.filename} is not what the card says: another sha256.")
    if not _is_safetensors(start, info.file_size):
        raise BadPackage(f"{info.filename} is no file of safetensors.")


def _is_safetensors(start: bytes, size: int) -> bool:
    """Whether the header is whole, and all of its tensors lie within the file."""
    length = int.from_bytes(start[:8], "little")
    if len(start) < 8 or length > min(MOST_HEADER_BYTES, size) - 8:
        return False
    try:
        header = json.loads(start[8 : 8 + length])
        tensors = [header[name] for name in header if name != "__metadata__"]
        ends = [tensor["data_offsets"] for tensor in tensors]
        return all(0 <= begin <= end <= size - 8 - length for begin, end in ends)
    except (ValueError, TypeError, KeyError, RecursionError):
        return False


def _blocks(archive: ZipFile, info: ZipInfo) -> Iterator[bytes]:
    with archive.open(info) as file:
        while block := file.read(BLOCK):
            yield block
