"""Detectors that the machine's settings name: live where nothing else is (NIGHTCLERK_HEAD)."""

from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path

from services.chassis.telemetry import logs
from services.rules.cards import HeadCard, detector_id
from services.rules.folders import CARD, DEFAULT, checkpoints, folder_list

log = logs.get("models")


@dataclass(frozen=True)
class BuiltIn:
    """A detector that nobody registered."""

    folder: Path
    cards: tuple[HeadCard, ...]

    @property
    def detector(self) -> str:
        return detector_id(tuple(card.model_id for card in self.cards))

    @property
    def backbone(self) -> str:
        return self.cards[0].backbone

    @property
    def name(self) -> str:
        """Of its folder; what came with the product is called so."""
        return "default" if self.folder == DEFAULT else self.folder.name


@lru_cache(maxsize=8)
def builtins(heads: str) -> tuple[BuiltIn, ...]:
    """Those of the setting. Where a folder cannot be read from here there are none: scoring goes
    by them all the same.
    """
    try:
        return tuple(BuiltIn(folder, _cards(folder)) for folder in folder_list(heads))
    except (OSError, ValueError) as error:
        log.warning("detectors of the settings are not shown", error=str(error))
        return ()


def _cards(folder: Path) -> tuple[HeadCard, ...]:
    return tuple(
        HeadCard.model_validate_json((checkpoint / CARD).read_text())
        for checkpoint in checkpoints(folder)
    )
