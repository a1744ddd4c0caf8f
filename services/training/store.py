"""A trained head as a folder that the service can load."""

from pathlib import Path

from services.scoring.heads.checkpoint import write
from services.training import card_text, seen
from services.training.recipe import Recipe, Trained


def store(out: Path, recipe: Recipe, trained: Trained) -> None:
    """Weights, model.json, MODEL_CARD.md, and which videos were in which part."""
    out.mkdir(parents=True, exist_ok=True)
    write(out, trained.fitted.network, trained.card)
    seen.write(out, trained.parts)
    (out / "MODEL_CARD.md").write_text(card_text.written(recipe, trained))
