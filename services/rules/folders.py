"""Folders of checkpoints, and the rules that come with them, found without loading a network."""

import json
from pathlib import Path

from schemas.policies import PersistenceRule

CARD = "model.json"
DEFAULT = Path(__file__).parents[1] / "scoring" / "heads" / "default"
"""The detector that comes with the product."""


def checkpoints(folder: Path) -> list[Path]:
    """The folder itself where it is a checkpoint, else its subfolders that are, by name.

    Raises ValueError where there is none.
    """
    if (folder / CARD).exists():
        return [folder]
    found = sorted(card.parent for card in folder.glob(f"*/{CARD}"))
    if not found:
        raise ValueError(f"{folder} holds no checkpoint, nor a subfolder with one")
    return found


def folder_list(text: str) -> tuple[Path, ...]:
    """The folders of a setting, separated by commas; the product's own where it is empty."""
    folders = tuple(Path(part.strip()) for part in text.split(",") if part.strip())
    return folders or (DEFAULT,)


def default_rules(heads: str) -> tuple[PersistenceRule, ...]:
    """Those on the cards of the detectors that NIGHTCLERK_HEAD names, in the order of their
    folders. They are in force where no policy says otherwise.

    Raises ValueError for a folder without readable cards.
    """
    folders = [folder for named in folder_list(heads) for folder in checkpoints(named)]
    return tuple(_rule(folder / CARD) for folder in folders)


def _rule(card: Path) -> PersistenceRule:
    try:
        return PersistenceRule.model_validate(json.loads(card.read_text())["rule"])
    except (OSError, ValueError, KeyError, TypeError) as error:
        raise ValueError(f"{card} is no readable card of a head: {error}") from error
