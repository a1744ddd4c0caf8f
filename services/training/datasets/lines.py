"""Lines of a text file with their numbers, and errors that say where."""

from collections.abc import Callable, Iterator
from pathlib import Path
from typing import TypeVar

from services.training.datasets.labelled import LabelError

T = TypeVar("T")
Line = tuple[int, list[str]]


def words(path: Path) -> Iterator[Line]:
    """(line number, words) of every line that is not blank."""
    for number, line in enumerate(text(path).splitlines(), start=1):
        if line.strip():
            yield number, line.split()


def text(path: Path) -> str:
    try:
        return path.read_text(encoding="utf-8-sig")
    except (OSError, UnicodeDecodeError) as error:
        raise LabelError(f"{path} cannot be read: {error}") from error


def each(path: Path, parse: Callable[[list[str]], T]) -> Iterator[T]:
    """Every line parsed. A ValueError of `parse` becomes a LabelError with file and line."""
    for number, parts in words(path):
        try:
            yield parse(parts)
        except ValueError as error:
            raise LabelError(f"{path}, line {number}: {error}") from error


def frame(word: str) -> int:
    """A frame's number, or -1 for none. Raises ValueError."""
    try:
        return int(float(word))
    except (ValueError, OverflowError):
        raise ValueError(f"{word!r} is no frame number") from None


def pairs(frames: list[int]) -> list[tuple[int, int]]:
    """Start and end in turn; pairs of -1 are none. Raises ValueError."""
    if len(frames) % 2:
        raise ValueError("frame numbers come in pairs of start and end")
    found = [pair for pair in zip(frames[::2], frames[1::2], strict=True) if pair != (-1, -1)]
    for start, end in found:
        if not 0 <= start < end:
            raise ValueError(f"a span from frame {start} to {end} is none")
    return found
