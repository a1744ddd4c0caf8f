"""The rules that come with heads: of each what its card says, where no policy says otherwise."""

import json
from pathlib import Path

from schemas.policies import PersistenceRule
from services.rules.folders import CARD, checkpoints, folder_list


def default_rules(heads: str) -> tuple[PersistenceRule, ...]:
    """Those of the detectors that NIGHTCLERK_HEAD names, in the order of their folders.

    Raises ValueError for a folder without readable cards.
    """
    folders = [folder for named in folder_list(heads) for folder in checkpoints(named)]
    return tuple(_rule(folder / CARD) for folder in folders)


def _rule(card: Path) -> PersistenceRule:
    try:
        return PersistenceRule.model_validate(json.loads(card.read_text())["rule"])
    except (OSError, ValueError, KeyError, TypeError) as error:
        raise ValueError(f"{card} is no readable card of a head: {error}") from error
