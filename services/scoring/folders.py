"""Folders of checkpoints, found and asked without loading a network."""

import json
from pathlib import Path

CARD = "model.json"
DEFAULT = Path(__file__).parent / "heads" / "default"


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


def require_backbone(folder: Path, backbone: str) -> None:
    """Raise ValueError when a head there is made for another backbone: it would never be fed."""
    for checkpoint in checkpoints(folder):
        made_for = _backbone(checkpoint / CARD)
        if made_for != backbone:
            raise ValueError(
                f"the head in {checkpoint} is made for NIGHTCLERK_BACKBONE={made_for}, "
                f"not {backbone}; NIGHTCLERK_HEAD names another one"
            )


def _backbone(card: Path) -> str:
    try:
        return str(json.loads(card.read_text())["backbone"])
    except (OSError, ValueError, KeyError, TypeError) as error:
        raise ValueError(f"{card} is no readable card of a head: {error!r}") from error
