"""Which videos a head was trained on, so that no judge takes them for unseen ones."""

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from services.training.examples import Example

FILE = "split.json"


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


def write(folder: Path, parts: Mapping[str, Sequence[Example]]) -> None:
    told = {
        part: {one.features.digest: one.features.video for one in members}
        for part, members in parts.items()
    }
    (folder / FILE).write_text(json.dumps(told, indent=1, ensure_ascii=False) + "\n")


def read(folder: Path) -> Seen:
    """What a training left; nothing for heads that were made otherwise."""
    path = folder / FILE
    parts = json.loads(path.read_text()) if path.exists() else {}
    return Seen({part: frozenset(members) for part, members in parts.items()})
