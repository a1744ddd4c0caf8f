"""A detector: one head or several over the same footage, each with a rule of its own."""

import hashlib
from collections import Counter
from dataclasses import dataclass
from pathlib import Path

from schemas.poses import PosesExtracted
from schemas.topics import EMBEDDINGS, POSES, Topic
from services.scoring.folders import DEFAULT, checkpoints
from services.scoring.heads import Head, load
from services.scoring.sight import POSE_BACKBONE, POSE_DIMS, Seen


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
        for head in self.heads:
            _require_same(self.heads[0], head)
            _require_rows(head)
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
        """How many windows up to now must be at hand for all heads that look at windows."""
        return max((head.context for head in self.heads if head.takes == "windows"), default=1)

    @property
    def topic(self) -> Topic:
        """Where what its heads look at comes from."""
        return POSES if self.heads[0].card.backbone == POSE_BACKBONE else EMBEDDINGS

    def check(self, message: Seen) -> None:
        """Raise MismatchError when the heads were not trained on such messages."""
        first = self.heads[0]
        if isinstance(message, PosesExtracted):
            first.check(message.backbone, 1, message.spec, first.card.dim)
        else:
            first.check(message.backbone, message.window, message.spec, message.dim)


def _require_same(one: Head, other: Head) -> None:
    """Raise ValueError unless both look at the same messages; what they take of them may differ."""
    theirs = [(head.card.backbone, head.card.window, head.card.spec) for head in (one, other)]
    same_rows = one.takes != other.takes or one.card.dim == other.card.dim
    if theirs[0] != theirs[1] or not same_rows:
        raise ValueError(
            f"{one.model_id} is made for {_inputs(one)}, {other.model_id} for {_inputs(other)}:"
            " one stream cannot feed both"
        )


def _require_rows(head: Head) -> None:
    """Raise ValueError for a head whose rows nobody gives: poses give some of fixed sizes."""
    if head.card.backbone == POSE_BACKBONE:
        expected = POSE_DIMS[head.takes]
        if (head.card.window, head.card.dim) != (1, expected):
            raise ValueError(
                f"{head.model_id} is made for {_inputs(head)};"
                f" of poses heads see {expected} numbers, one clip at a time"
            )
    elif head.takes == "persons":
        raise ValueError(
            f"{head.model_id} looks at persons, whom {head.card.backbone} does not see"
        )


def _inputs(head: Head) -> str:
    card = head.card
    return f"{card.backbone}, {card.dim} numbers, windows of {card.window}, {card.spec!s}"


def assemble(path: Path | None = None) -> Detector:
    """The detector in a folder: a checkpoint, or subfolders that are checkpoints, by name.

    Without a path, the one that comes with the product. Raises ValueError where there is none or
    where heads do not go together.
    """
    return Detector(tuple(load(one) for one in checkpoints(path or DEFAULT)))
