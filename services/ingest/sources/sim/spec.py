"""What a simulated scene is: `sim://store?seed=7&seconds=60&incident=30-40`, and its truth."""

from dataclasses import dataclass
from urllib.parse import parse_qs, urlsplit

Span = tuple[float, float]


@dataclass(frozen=True, slots=True)
class SimSpec:
    """A store scene. Equal specs give equal frames."""

    seed: int = 0
    seconds: float = 60.0
    incidents: tuple[Span, ...] = ()
    """When two people fight, in seconds from the start; ascending, apart by at least 4 s."""
    people: int = 4
    frame_rate: int = 15
    width: int = 640
    height: int = 480

    @property
    def frame_count(self) -> int:
        return round(self.seconds * self.frame_rate)


def parse(url: str) -> SimSpec:
    """The spec that a URL asks for. Raises ValueError with what is wrong."""
    parts = urlsplit(url)
    if parts.scheme != "sim" or parts.netloc != "store":
        raise ValueError(f"{url!r} is not sim://store?...")
    given = {name: values[-1] for name, values in parse_qs(parts.query).items()}
    unknown = set(given) - {"seed", "seconds", "incident", "people", "size"}
    if unknown:
        raise ValueError(f"{url!r} has unknown options: {', '.join(sorted(unknown))}")
    width, height = _pair(given.get("size", "640x480"), "x")
    spec = SimSpec(
        seed=int(given.get("seed", 0)),
        seconds=float(given.get("seconds", 60)),
        incidents=tuple(_pair(text, "-") for text in given.get("incident", "").split(",") if text),
        people=int(given.get("people", 4)),
        width=int(width),
        height=int(height),
    )
    _check(spec)
    return spec


def truth(spec: SimSpec) -> list[Span]:
    """When something is wrong in the scene, as (start_s, end_s), ascending."""
    return list(spec.incidents)


def _pair(text: str, separator: str) -> Span:
    first, found, second = text.partition(separator)
    if not found:
        raise ValueError(f"{text!r} is not two numbers with {separator!r} between")
    return float(first), float(second)


def _check(spec: SimSpec) -> None:
    if not 0 < spec.seconds <= 24 * 3600:
        raise ValueError("seconds must be in (0, 86400]")
    if not (1 <= spec.people <= 12 and 64 <= min(spec.width, spec.height) <= 2160):
        raise ValueError("people must be 1 to 12, and the picture 64 to 2160 pixels high and wide")
    if spec.incidents and spec.people < 2:
        raise ValueError("an incident takes two people")
    free_from = 0.0
    for start, end in spec.incidents:
        if not free_from <= start < end <= spec.seconds:
            raise ValueError(f"incident {start:g}-{end:g} is outside the scene or too close")
        free_from = end + 4.0
