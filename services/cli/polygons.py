"""Masks and zones as a person types them: corners as shares of the picture's width and height."""

from typing import Any

ADVICE = 'a polygon is three corners or more, as "0,0 0.3,0 0.3,0.5": shares of width and height'


def polygon(text: str) -> list[tuple[float, float]]:
    """The corners in order. Raises ValueError with a sentence."""
    try:
        corners = [_corner(word) for word in text.split()]
    except ValueError:
        raise ValueError(f"{text!r} is no polygon: {ADVICE}") from None
    if len(corners) < 3:
        raise ValueError(f"{text!r} is no polygon: {ADVICE}")
    return corners


def zone(text: str) -> dict[str, Any]:
    """A name and the corners of what it names. Raises ValueError with a sentence."""
    name, separator, corners = text.partition("=")
    if not (separator and name.strip()):
        raise ValueError(f"{text!r} is no zone: name it, as till=0,0 0.3,0 0.3,0.5")
    return {"name": name.strip(), "polygon": polygon(corners)}


def _corner(word: str) -> tuple[float, float]:
    x, _, y = word.partition(",")
    corner = float(x), float(y)
    if not all(0.0 <= share <= 1.0 for share in corner):
        raise ValueError(word)
    return corner
