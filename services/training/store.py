"""A trained head as a folder that the service can load, and which videos it was trained on, so that
no judge takes them for unseen ones.
"""

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from services.scoring.heads.checkpoint import write
from services.training import card_text
from services.training.examples import Example
from services.training.recipe import Recipe, Trained

SPLIT = "split.json"


@dataclass(frozen=True)
class Seen:
    """Digests of the features of each part (train, validation, test)."""

    parts: Mapping[str, frozenset[str]]

    def unseen(self, examples: Sequence[Example]) -> list[Example]:
        """Those that neither trained the head nor chose when to stop."""
        known = frozenset[str]().union(
            *(digests for part, digests in self.parts.items() if part != "test")
        )
        return [one for one in examples if one.features.digest not in known]


def store(out: Path, recipe: Recipe, trained: Trained) -> None:
    """Weights, model.json, MODEL_CARD.md, and which videos were in which part."""
    out.mkdir(parents=True, exist_ok=True)
    write(out, trained.fitted.network, trained.card)
    (out / "MODEL_CARD.md").write_text(card_text.written(recipe, trained))
    split = {
        part: {one.features.digest: one.features.video for one in members}
        for part, members in trained.parts.items()
    }
    (out / SPLIT).write_text(json.dumps(split, indent=1, ensure_ascii=False) + "\n")


def read_seen(folder: Path) -> Seen:
    """What a training left; nothing for heads that were made otherwise."""
    path = folder / SPLIT
    parts = json.loads(path.read_text()) if path.exists() else {}
    return Seen({part: frozenset(members) for part, members in parts.items()})
