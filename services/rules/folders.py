"""Folders of checkpoints, found without loading a network."""

from pathlib import Path

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
