"""By which detector the past is to be judged: one that the settings name, or a registered one."""

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from pydantic import ValidationError

from schemas.clips import ClipSpec
from schemas.models import DetectorPackage
from services.rules.cards import HeadCard, detector_id
from services.rules.folders import CARD, checkpoints, folder_list


class NoSuchDetector(Exception):
    """The text is one sentence."""


@dataclass(frozen=True)
class Judge:
    """A detector as a replay needs it. Of one that the settings name there is no package."""

    detector: str
    backbone: str
    window: int
    spec: ClipSpec
    package: DetectorPackage | None = None

    @property
    def is_built_in(self) -> bool:
        return self.package is None


def of_package(package: DetectorPackage) -> Judge:
    return Judge(package.detector, package.backbone, package.window, package.spec, package)


def of_settings(heads: str, detector: str | None) -> Judge | None:
    """That of the setting with this id, the first where none is named. None where there is none.

    Raises NoSuchDetector where the folders cannot be read from here.
    """
    try:
        found = [_judge(_cards(folder)) for folder in map(checkpoints, folder_list(heads))]
    except (OSError, ValueError, ValidationError) as error:
        raise NoSuchDetector(f"The detector of the settings cannot be read: {error}") from error
    return next((judge for judge in found if detector in (None, judge.detector)), None)


def _cards(folders: Sequence[Path]) -> tuple[HeadCard, ...]:
    return tuple(HeadCard.model_validate_json((each / CARD).read_text()) for each in folders)


def _judge(cards: Sequence[HeadCard]) -> Judge:
    first = cards[0]
    name = detector_id(tuple(card.model_id for card in cards))
    return Judge(name, first.backbone, first.window, first.spec)
