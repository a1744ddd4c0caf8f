"""Which terms are in force at a source: what is known of models, policies and what was learned.

A judgement can arrive before the deployment of its model was seen: what is not known is asked anew.
"""

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass

from schemas.judgements import ClipJudged
from schemas.models import HeadTerms, ModelsDeployed
from schemas.policies import PolicySet
from schemas.topics import MODELS
from services.chassis.streaming.broker import Broker
from services.chassis.streaming.compacted import read_all
from services.chassis.telemetry import logs
from services.rules.learning import Stamp
from services.scoring import runs
from services.scoring.episodes.budgets import has_budget, marks, raise_terms
from services.scoring.episodes.policy import Cards, Terms
from services.scoring.episodes.state import SourceState
from services.scoring.episodes.table import Kept

log = logs.get("episodes")


@dataclass(frozen=True)
class Detectors:
    """What is known of the models that judge, and of the detectors that the settings name: the
    backbones that feed them, and the longest window.
    """

    cards: Cards
    backbones: frozenset[str]
    window: int

    @classmethod
    def of(
        cls, folders: Iterable[runs.DetectorFolder], deployed: Iterable[HeadTerms] = ()
    ) -> "Detectors":
        folders = tuple(folders)
        cards = tuple(card for folder in folders for card in folder.cards)
        backbones = frozenset(folder.backbone for folder in folders)
        return cls(Cards(cards, deployed), backbones, max(card.window for card in cards))


class InForce:
    """Remembers the terms of each source and run: the same objects while nothing changes."""

    def __init__(self, detectors: Detectors, reread: Callable[[], Detectors] | None = None) -> None:
        """`reread` asks anew what is known of models, when one is met of which nothing is. It must
        know what was deployed before the judgement was written; may raise TransientError.
        """
        self.detectors, self._reread = detectors, reread
        self._absent: set[str] = set()
        """Asked for since the latest tick, in vain."""
        self._reported: set[str] = set()
        self._terms: dict[tuple[bytes, str], _Terms] = {}
        self._defaults: dict[tuple[str, ...], Mapping[str, Terms]] = {}
        self._budgeted: dict[
            tuple[bytes, str],
            tuple[Mapping[str, Terms] | None, tuple[Stamp, ...], Mapping[str, Terms]],
        ] = {}

    def tick(self) -> None:
        """About once a second: what nobody knew may be asked for again."""
        self._absent.clear()

    def has(self, model_id: str) -> bool:
        """Whether the model is known, asked anew where it is not: a judgement may come before its
        deployment is heard of. What nobody knows then is of a head that the settings named once:
        its judgements are passed over, and that is logged once.
        """
        if model_id in self.detectors.cards:
            return True
        if model_id in self._absent:
            return False
        if self._reread is not None:
            self.detectors = self._reread()
            self._terms.clear()
            self._defaults.clear()
        if model_id in self.detectors.cards:
            return True
        self._absent.add(model_id)
        if model_id not in self._reported:
            self._reported.add(model_id)
            log.warning("judgements of an unknown model are passed over", model=model_id)
        return False

    def raised(
        self, source: bytes, run: str, kept: Kept, entered: Mapping[str, Terms]
    ) -> Mapping[str, Terms]:
        """The terms with the marks that budgets ask for, made anew when one of them moves."""
        if not kept.learned and not has_budget(entered):
            self._budgeted.pop((source, run), None)
            return entered
        asked = marks(kept.learned, run, entered)
        made_of, at, terms = self._budgeted.get((source, run), (None, (), {}))
        if made_of is not entered or at != asked:
            terms = raise_terms(kept.learned, run, entered)
            self._budgeted[(source, run)] = (entered, asked, terms)
        return terms

    def learned_of(self, run: str, kept: Kept) -> Mapping[str, Terms]:
        """The terms, as they were entered, of the models of a run of which something is learned."""
        learned = (name.partition("/") for name in kept.learned)
        models = [model for of, _, model in learned if of == run]
        here = filter(self.detectors.cards.__contains__, models)
        return self.detectors.cards.terms(kept.policy, here)

    def entered(
        self,
        source: bytes,
        judged: ClipJudged,
        before: SourceState | None,
        policy: PolicySet | None,
    ) -> Mapping[str, Terms]:
        """Of the models that judge in this run now, whatever their backbone; the same object until
        the policies or the models change.
        """
        models = _judging(judged, before)
        if policy is None:
            self._terms.pop((source, judged.run), None)
            return self._default_terms(models)
        found = self._terms.get((source, judged.run))
        if found is None or found.policy is not policy or found.models != models:
            here = filter(self.detectors.cards.__contains__, models)
            found = _Terms(policy, models, self.detectors.cards.terms(policy, here))
            self._terms[(source, judged.run)] = found
        return found.terms

    def _default_terms(self, models: tuple[str, ...]) -> Mapping[str, Terms]:
        """Those of all sources without policies, however many there were."""
        found = self._defaults.get(models)
        if found is None:
            here = filter(self.detectors.cards.__contains__, models)
            found = self._defaults[models] = self.detectors.cards.terms(None, here)
        return found


@dataclass(frozen=True)
class _Terms:
    """What terms were made of, and the terms."""

    policy: PolicySet | None
    models: tuple[str, ...]
    terms: Mapping[str, Terms]


def _judging(judged: ClipJudged, before: SourceState | None) -> tuple[str, ...]:
    """The judgement's models, and those of the other backbones of the run."""
    models = [head.model_id for head in judged.heads]
    if before is not None:
        for backbone, detector in before.detectors.items():
            if backbone != judged.backbone:
                models += detector.models
    return tuple(models)


def deployed_heads(broker: Broker) -> list[HeadTerms]:
    """Of all detectors deployed by now, also of those that were replaced while judgements of them
    may lie unread: the topic keeps them for so long. Raises TransientError.
    """
    return [
        head
        for deployed in read_all(broker, MODELS)
        if isinstance(deployed, ModelsDeployed)
        for package in (*deployed.live, *(shadow.package for shadow in deployed.shadows))
        for head in package.heads
    ]
