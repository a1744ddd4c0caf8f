"""A detector: one head or several over the same embeddings, each with a rule of its own."""

import hashlib
from collections import Counter
from dataclasses import dataclass
from pathlib import Path

from schemas.clips import ClipSpec
from services.scoring.heads import DEFAULT, CheckpointError, Head, load
from services.scoring.heads.checkpoint import CARD


@dataclass(frozen=True)
class Detector:
    """Heads that look at the same footage side by side. Their order is that of their folders."""

    heads: tuple[Head, ...]

    def __post_init__(self) -> None:
        """Raises ValueError for heads that cannot look at the same messages, or rules of one name
        (alert ids come from it).
        """
        if not self.heads:
            raise ValueError("a detector needs a head")
        first = self.heads[0]
        for head in self.heads[1:]:
            if made_for(head) != made_for(first):
                raise ValueError(
                    f"{head.model_id} is made for {made_for(head)!s},"
                    f" {first.model_id} for {made_for(first)!s}: one stream cannot feed both"
                )
        names = Counter(head.rule.name for head in self.heads)
        if twice := [name for name, count in names.items() if count > 1]:
            raise ValueError(f"two heads have a rule called {twice[0]!r}; alerts need names apart")

    @property
    def model_id(self) -> str:
        """A single head's own id; of several, their number and a hash of all their ids."""
        ids = [head.model_id for head in self.heads]
        if len(ids) == 1:
            return ids[0]
        return f"{len(ids)}-heads-{hashlib.sha256(' '.join(ids).encode()).hexdigest()[:8]}"

    @property
    def context(self) -> int:
        """How many windows up to now must be at hand for all heads."""
        return max(head.context for head in self.heads)

    def check(self, backbone: str, window: int, spec: ClipSpec, dim: int) -> None:
        """Raise MismatchError when the heads were not trained on such embeddings."""
        self.heads[0].check(backbone, window, spec, dim)


def made_for(head: Head) -> tuple[str, int, ClipSpec, int]:
    """Backbone, window, clip spec and dimensions of the embeddings it looks at."""
    return head.card.backbone, head.card.window, head.card.spec, head.card.dim


def assemble(path: Path | None = None) -> Detector:
    """The detector in a folder: a checkpoint, or subfolders that are checkpoints, by name.

    Without a path, the one that comes with the product. Raises ValueError where there is none or
    where heads do not go together.
    """
    folder = path or DEFAULT
    folders = [folder] if (folder / CARD).exists() else checkpoints(folder)
    return Detector(tuple(load(one) for one in folders))


def checkpoints(folder: Path) -> list[Path]:
    """The subfolders with a card, sorted. Raises CheckpointError where there is none."""
    found = sorted(card.parent for card in folder.glob(f"*/{CARD}"))
    if not found:
        raise CheckpointError(f"{folder} holds no checkpoint, nor a subfolder with one")
    return found
