"""What the demo looks at: a file of the user's, or a scene of known truth that it renders."""

from dataclasses import dataclass
from hashlib import sha256
from pathlib import Path

SCENE = "sim://store?seed=7&seconds=40&incident=18-28"
TOLERANCE_S = 32 / 15  # the backbone's window: nothing can be told in time more exactly

Span = tuple[float, float]


@dataclass(frozen=True)
class Footage:
    """A video file and, where it is known, when something is wrong in it."""

    path: Path
    truth: tuple[Span, ...] | None = None


@dataclass(frozen=True)
class Verdict:
    """How alerts compare with the truth."""

    inside: int
    outside: int
    missed: int

    @property
    def right(self) -> bool:
        return self.inside > 0 and self.outside == 0 and self.missed == 0


def render_scene(folder: Path, url: str = SCENE) -> Footage:
    """The scene as an MP4 in `folder`; rendered once, since equal URLs give equal frames."""
    from services.ingest.sources.sim import parse, truth, write_mp4

    spec = parse(url)
    path = folder / f"scene-{sha256(url.encode()).hexdigest()[:12]}.mp4"
    if not path.exists():
        folder.mkdir(parents=True, exist_ok=True)
        draft = path.with_suffix(".part.mp4")
        write_mp4(spec, draft)
        draft.replace(path)
    return Footage(path, tuple(truth(spec)))


def judge(alerts: list[Span], truth: tuple[Span, ...], tolerance_s: float = TOLERANCE_S) -> Verdict:
    """An alert is inside when it overlaps an incident, give or take the tolerance."""
    inside = [any(_meet(alert, span, tolerance_s) for span in truth) for alert in alerts]
    found = [any(_meet(alert, span, tolerance_s) for alert in alerts) for span in truth]
    return Verdict(inside.count(True), inside.count(False), found.count(False))


def _meet(alert: Span, incident: Span, tolerance_s: float) -> bool:
    return alert[0] <= incident[1] + tolerance_s and alert[1] >= incident[0] - tolerance_s
