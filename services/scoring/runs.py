"""Runs: which detectors there are by the settings, and which processes judge them.

The live run and each shadow have a detector a backbone at most. Shadows are judged by processes of
their own, so that a shadow that fails takes nothing with it, and share one that makes episodes.
"""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Annotated

from pydantic import TypeAdapter, ValidationError

from schemas.judgements import LIVE, Run
from services.rules.folders import folder_list, named_folders
from services.scoring.cards import Card, read_cards
from services.scoring.config import SHADOWS, ScoringSettings

RUN_NAME: TypeAdapter[str] = TypeAdapter(Annotated[str, Run])


@dataclass(frozen=True)
class DetectorFolder:
    """A detector as the settings name it."""

    run: str
    folder: Path
    cards: tuple[Card, ...]

    @property
    def backbone(self) -> str:
        return self.cards[0].backbone


def detectors(settings: ScoringSettings) -> tuple[DetectorFolder, ...]:
    """All detectors, the live ones first.

    Raises ValueError for a folder without checkpoints, for a run with two detectors of one
    backbone, and for a shadow with a name that cannot be.
    """
    found = tuple(_described(settings))
    places: dict[tuple[str, str], Path] = {}
    for detector in found:
        place = (detector.run, detector.backbone)
        if place in places:
            raise ValueError(
                f"{places[place]} and {detector.folder} are both made for {detector.backbone}: "
                f"the run {detector.run} has one detector a backbone"
            )
        places[place] = detector.folder
    return found


def of_run(settings: ScoringSettings) -> Mapping[str, tuple[DetectorFolder, ...]]:
    """The detectors of the run that the settings name, or of every shadow, by run.

    Raises ValueError where there is none.
    """
    found: dict[str, tuple[DetectorFolder, ...]] = {}
    for detector in detectors(settings):
        is_named = detector.run == settings.run
        if is_named or (settings.run == SHADOWS and detector.run != LIVE):
            found[detector.run] = (*found.get(detector.run, ()), detector)
    if not found:
        raise ValueError(f"NIGHTCLERK_RUN is {settings.run!r}, and no detector has that run")
    return found


def chosen(settings: ScoringSettings) -> DetectorFolder:
    """The one detector that a judging process runs: by run and backbone.

    Raises ValueError where the settings leave none, or several.
    """
    own = [one for found in of_run(settings).values() for one in found]
    if settings.backbone:
        own = [one for one in own if one.backbone == settings.backbone] or _fail(settings, own)
    if len(own) > 1:
        backbones = ", ".join(sorted(one.backbone for one in own))
        raise ValueError(
            f"NIGHTCLERK_HEAD names detectors for {backbones}; "
            "NIGHTCLERK_BACKBONE must say which to judge by"
        )
    return own[0]


def judging_processes(settings: ScoringSettings) -> tuple[tuple[str, str], ...]:
    """(run, backbone) of every judging process that the settings ask for."""
    return tuple((detector.run, detector.backbone) for detector in detectors(settings))


def episodes_processes(settings: ScoringSettings) -> tuple[str, ...]:
    """NIGHTCLERK_RUN of every process that makes episodes."""
    return (LIVE, SHADOWS) if named_folders(settings.shadows) else (LIVE,)


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
        yield DetectorFolder(LIVE, folder, read_cards(folder))
    for name, folder in named_folders(settings.shadows):
        yield DetectorFolder(_require_name(name), folder, read_cards(folder))


def _require_name(name: str) -> str:
    if name in (LIVE, SHADOWS):
        raise ValueError(f"no shadow can be called {name!r}")
    try:
        return RUN_NAME.validate_python(name)
    except ValidationError:
        raise ValueError(f"{name!r} is no name for a run: letters, digits, _ . -") from None


def _fail(settings: ScoringSettings, own: list[DetectorFolder]) -> list[DetectorFolder]:
    made_for = ", ".join(f"{one.folder} for {one.backbone}" for one in own)
    raise ValueError(
        f"no detector of NIGHTCLERK_HEAD is made for NIGHTCLERK_BACKBONE={settings.backbone}; "
        f"there is {made_for}"
    )
