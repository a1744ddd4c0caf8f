"""Parts of the data that share no source, each with its share of every class. Deterministic."""

from collections import Counter
from collections.abc import Mapping, Sequence

import numpy as np

from services.training.examples import Example


class SplitError(ValueError):
    """Data that cannot be split so that each part says something."""


def split(
    examples: Sequence[Example], shares: Mapping[str, float], seed: int
) -> dict[str, list[Example]]:
    """Whole sources for each named part, in about these shares, class by class.

    Large sources are dealt first, each to the part that lacks most of what it holds. Raises
    SplitError where a part would have no normal or no anomalous video.
    """
    sources = _sources(examples)
    totals = sum((_content(members) for members in sources.values()), Counter[str]())
    wanted = {part: _scaled(totals, share) for part, share in shares.items() if share > 0}
    parts: dict[str, list[Example]] = {part: [] for part in wanted}
    have = {part: Counter[str]() for part in wanted}
    for name in _dealt(sources, seed):
        content = _content(sources[name])
        part = max(parts, key=lambda part: _lack(content, have[part], wanted[part]))
        parts[part] += sources[name]
        have[part] += content
    for part, members in parts.items():
        _check(part, members, len(sources))
    return parts


def _sources(examples: Sequence[Example]) -> dict[str, list[Example]]:
    found: dict[str, list[Example]] = {}
    for one in examples:
        found.setdefault(one.labelled.source, []).append(one)
    return found


def _content(members: Sequence[Example]) -> Counter[str]:
    return Counter(one.labelled.label for one in members)


def _scaled(totals: Counter[str], share: float) -> dict[str, float]:
    return {label: count * share for label, count in totals.items()}


def _dealt(sources: Mapping[str, list[Example]], seed: int) -> list[str]:
    """Large ones first, equals in an order that the seed decides."""
    names = sorted(sources)
    np.random.default_rng(seed).shuffle(names)
    return sorted(names, key=lambda name: -len(sources[name]))


def _lack(content: Counter[str], have: Counter[str], wanted: Mapping[str, float]) -> float:
    """How much of what a source holds is still missing, relative to what is wanted."""
    return sum(
        count * (wanted[label] - have[label] - count / 2) / wanted[label]
        for label, count in content.items()
    )


def _check(part: str, members: Sequence[Example], sources: int) -> None:
    normals = sum(one.is_normal for one in members)
    if normals in (0, len(members)):
        lacks = "no normal" if normals == 0 else "no anomalous"
        raise SplitError(
            f"{sources} sources are too few: {part} would have {lacks} video "
            "(videos of one source stay together)"
        )
