"""Who judges what: live detectors of a source, the nearest scope first, and shadows beside them.

Of a source's store, its tenant and the machine's settings the nearest counts that names a live
detector; shadows of store and tenant look on (ADR 0047). Pure.
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from functools import cached_property
from typing import NamedTuple
from uuid import UUID

from schemas.embeddings import EmbeddingExtracted
from schemas.judgements import LIVE
from services.scoring.cards import MismatchError
from services.scoring.judging.core import Seen
from services.scoring.judging.detector import Detector


class Judge(NamedTuple):
    """A detector that judges under a run; `since` is its latest deployment, None: the settings'."""

    run: str
    detector: Detector
    since: datetime | None = None


@dataclass(frozen=True)
class Assigned:
    """The judges of one source: live ones, of which the first that can judge does, and shadows."""

    live: tuple[Judge, ...]
    shadows: tuple[Judge, ...] = ()
    _fitting: dict[tuple[object, ...], "Assigned"] = field(
        default_factory=dict, compare=False, repr=False
    )

    @cached_property
    def context(self) -> int:
        """How many windows up to now must be at hand for whoever may judge."""
        return max(judge.detector.context for judge in (*self.live, *self.shadows))

    @cached_property
    def takes_persons(self) -> bool:
        return any(judge.detector.takes_persons for judge in (*self.live, *self.shadows))

    @cached_property
    def keeps(self) -> bool:
        """Whether anything of a source has to be kept for them."""
        return self.context > 1 or self.takes_persons

    @cached_property
    def beside(self) -> "Assigned":
        """The shadows alone."""
        return Assigned((), self.shadows)

    def fitting(self, message: Seen) -> "Assigned":
        """Those that are made for such messages. Raises MismatchError where no live one is."""
        if len(self.live) == 1 and not self.shadows:
            self.live[0].detector.check(message)
            return self
        spec, shape = message.spec, (1, 0)
        if isinstance(message, EmbeddingExtracted):
            shape = (message.window, message.dim)
        key = (message.backbone, spec.frames, spec.frame_rate, spec.hop, *shape)
        found = self._fitting.get(key)
        if found is None:
            live = tuple(judge for judge in self.live if _fits(judge, message))
            if not live:
                self.live[-1].detector.check(message)
            shadows = tuple(judge for judge in self.shadows if _fits(judge, message))
            found = self._fitting[key] = Assigned(live, shadows)
        return found


@dataclass(frozen=True)
class Scope:
    """What a tenant or a store has of its own."""

    live: Judge | None = None
    shadows: tuple[Judge, ...] = ()


@dataclass(frozen=True)
class Assignments:
    """The judges of all sources, as long as nothing is deployed anew."""

    default: Detector
    scopes: Mapping[UUID, Scope] = field(default_factory=dict)
    _assigned: dict[tuple[UUID, ...], Assigned] = field(
        default_factory=dict, compare=False, repr=False
    )

    def of(self, *scopes: UUID) -> Assigned:
        """Of a source in these scopes, the nearest first."""
        found = self._assigned.get(scopes)
        if found is None:
            found = self._assigned[scopes] = self._assign(scopes)
        return found

    @cached_property
    def has_shadows(self) -> bool:
        return any(scope.shadows for scope in self.scopes.values())

    def judges(self) -> Iterable[Judge]:
        """All that are deployed."""
        for scope in self.scopes.values():
            yield from scope.shadows
            if scope.live is not None:
                yield scope.live

    def _assign(self, scopes: Iterable[UUID]) -> Assigned:
        own = [scope for one in scopes if (scope := self.scopes.get(one)) is not None]
        live = [scope.live for scope in own if scope.live is not None]
        shadows = {judge.run: judge for scope in reversed(own) for judge in scope.shadows}
        return Assigned((*live, Judge(LIVE, self.default)), tuple(shadows.values()))


def _fits(judge: Judge, message: Seen) -> bool:
    try:
        judge.detector.check(message)
    except MismatchError:
        return False
    return True
