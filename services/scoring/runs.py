"""Which detectors there are by the settings: the live ones where nothing else is deployed.

Of each backbone there is one at most, and a process judges by it. What tenants and stores have in
its place, and shadows, come from the topic of deployments.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from services.rules.folders import folder_list
from services.scoring.cards import Card, read_cards
from services.scoring.config import ScoringSettings


@dataclass(frozen=True)
class DetectorFolder:
    """A detector as the settings name it."""

    folder: Path
    cards: tuple[Card, ...]

    @property
    def backbone(self) -> str:
        return self.cards[0].backbone


def detectors(settings: ScoringSettings) -> tuple[DetectorFolder, ...]:
    """All detectors of the settings.

    Raises ValueError for a folder without checkpoints, and for two detectors of one backbone.
    """
    found = tuple(_described(settings))
    places: dict[str, Path] = {}
    for detector in found:
        if detector.backbone in places:
            raise ValueError(
                f"{places[detector.backbone]} and {detector.folder} are both made for "
                f"{detector.backbone}: there is one live detector a backbone"
            )
        places[detector.backbone] = detector.folder
    return found


def chosen(settings: ScoringSettings) -> DetectorFolder:
    """The one detector that a judging process runs: by its backbone.

    Raises ValueError where the settings leave none, or several.
    """
    own = detectors(settings)
    if settings.backbone:
        own = tuple(one for one in own if one.backbone == settings.backbone) or _fail(settings, own)
    if len(own) > 1:
        backbones = ", ".join(sorted(one.backbone for one in own))
        raise ValueError(
            f"NIGHTCLERK_HEAD names detectors for {backbones}; "
            "NIGHTCLERK_BACKBONE must say which to judge by"
        )
    return own[0]


def judging_processes(settings: ScoringSettings) -> tuple[str, ...]:
    """The backbone of every judging process that the settings ask for."""
    return tuple(detector.backbone for detector in detectors(settings))


def require_backbones(settings: ScoringSettings, fed: tuple[str, ...]) -> None:
    """Raise ValueError for a detector made for a backbone that nobody runs: it would wait for
    ever.
    """
    for detector in detectors(settings):
        if detector.backbone not in fed:
            raise ValueError(
                f"the head in {detector.folder} is made for "
                f"NIGHTCLERK_BACKBONE={detector.backbone}, not {', '.join(fed)}; "
                "NIGHTCLERK_HEAD names another one"
            )


def _described(settings: ScoringSettings) -> Iterator[DetectorFolder]:
    for folder in folder_list(settings.head):
        yield DetectorFolder(folder, read_cards(folder))


def _fail(settings: ScoringSettings, own: tuple[DetectorFolder, ...]) -> tuple[DetectorFolder, ...]:
    made_for = ", ".join(f"{one.folder} for {one.backbone}" for one in own)
    raise ValueError(
        f"no detector of NIGHTCLERK_HEAD is made for NIGHTCLERK_BACKBONE={settings.backbone}; "
        f"there is {made_for}"
    )
