"""A detector: one head or several that judge the same footage, each with a rule of its own."""

from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path

from schemas.embeddings import EmbeddingExtracted
from schemas.poses import PosesExtracted
from schemas.topics import EMBEDDINGS, POSES, Topic
from services.rules.cards import detector_id
from services.rules.folders import DEFAULT, checkpoints
from services.scoring.cards import POSE_BACKBONE
from services.scoring.heads import Head, load
from services.scoring.heads.registry import Takes
from services.scoring.poses import PERSON_NUMBERS, SCENE_NUMBERS

POSE_DIMS: Mapping[Takes, int] = {"windows": SCENE_NUMBERS, "persons": PERSON_NUMBERS}


@dataclass(frozen=True)
class Detector:
    """Heads side by side, in the order of their folders."""

    heads: tuple[Head, ...]

    def __post_init__(self) -> None:
        """Raises ValueError for heads that cannot judge the same messages, or rules of one name
        (policies name rules).
        """
        if not self.heads:
            raise ValueError("a detector needs a head")
        for head in self.heads:
            _require_same_input(self.heads[0], head)
            _require_rows(head)
        names = Counter(head.rule.name for head in self.heads)
        if twice := [name for name, count in names.items() if count > 1]:
            raise ValueError(f"two heads have a rule called {twice[0]!r}; alerts need names apart")

    @cached_property
    def detector_id(self) -> str:
        return detector_id(tuple(head.model_id for head in self.heads))

    @property
    def backbone(self) -> str:
        return self.heads[0].card.backbone

    @cached_property
    def context(self) -> int:
        """How many windows up to now must be at hand for all heads that take windows."""
        return max((head.context for head in self.heads if head.takes == "windows"), default=1)

    @cached_property
    def takes_persons(self) -> bool:
        return any(head.takes == "persons" for head in self.heads)

    @property
    def topic(self) -> Topic:
        """Where the input of its heads comes from."""
        return POSES if self.backbone == POSE_BACKBONE else EMBEDDINGS

    def check(self, message: EmbeddingExtracted | PosesExtracted) -> None:
        """Raise MismatchError when the heads were not trained on such messages."""
        first = self.heads[0]
        if isinstance(message, PosesExtracted):
            first.check(message.backbone, 1, message.spec, first.card.dim)
        else:
            first.check(message.backbone, message.window, message.spec, message.dim)


def _require_same_input(head: Head, other: Head) -> None:
    """Raise ValueError unless both take the same messages; what they take of them may differ."""
    inputs = [(each.card.backbone, each.card.window, each.card.spec) for each in (head, other)]
    same_rows = head.takes != other.takes or head.card.dim == other.card.dim
    if inputs[0] != inputs[1] or not same_rows:
        raise ValueError(
            f"{head.model_id} is made for {_inputs(head)}, {other.model_id} for {_inputs(other)}:"
            " one stream cannot feed both"
        )


def _require_rows(head: Head) -> None:
    """Raise ValueError for a head whose rows nobody gives: poses give some of fixed sizes."""
    if head.card.backbone == POSE_BACKBONE:
        expected = POSE_DIMS[head.takes]
        if (head.card.window, head.card.dim) != (1, expected):
            raise ValueError(
                f"{head.model_id} is made for {_inputs(head)};"
                f" of poses heads take {expected} numbers, one clip at a time"
            )
    elif head.takes == "persons":
        raise ValueError(f"{head.model_id} takes persons, whom {head.card.backbone} does not see")


def _inputs(head: Head) -> str:
    card = head.card
    return f"{card.backbone}, {card.dim} numbers, windows of {card.window}, {card.spec!s}"


def assemble(path: Path | None = None) -> Detector:
    """The detector in a folder: a checkpoint, or subfolders that are checkpoints, by name.

    Without a path, the one that comes with the product. Raises ValueError where there is none or
    where heads do not go together.
    """
    return Detector(tuple(load(folder) for folder in checkpoints(path or DEFAULT)))
