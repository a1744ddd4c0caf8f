"""Deployments in force: nearest scope first, the one before until the next is there."""

from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from datetime import timedelta
from pathlib import Path
from types import MappingProxyType
from typing import Any
from uuid import UUID

import pytest

from schemas.codec import encode
from schemas.ids import DEFAULT_TENANT, default_store
from schemas.judgements import LIVE
from schemas.models import DetectorPackage, ModelsDeployed, Shadow
from schemas.sources import SourceConfigured
from schemas.topics import MODELS, SOURCES
from services.chassis.errors import TransientError
from services.chassis.storage.objects import MemoryObjects, ObjectInfo
from services.chassis.streaming.memory import MemoryBroker
from services.scoring.judging import deployed as module
from services.scoring.judging.assigned import Assigned
from services.scoring.judging.deployed import DeployedDetectors
from services.scoring.judging.detector import Detector, assemble
from tests.builders import ORIGIN, SOURCE, source
from tests.checkpoints import cosine_head, deployed, rule
from tests.waiting import wait_until

STORE, ELSEWHERE = default_store(DEFAULT_TENANT), UUID(int=7)


class Store(MemoryObjects):
    """May be away."""

    is_away = False

    def stat(self, key: str) -> ObjectInfo:
        if self.is_away:
            raise TransientError("the store is away")
        return super().stat(key)


class Chain:
    """A tenant with a store, and what is deployed there."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.broker = MemoryBroker([MODELS, SOURCES])
        self.objects = Store()
        self.default = assemble(cosine_head(folder / "default", rule=rule("default")))
        self._deployments = 0
        self.configure(SOURCE)

    def configure(self, source_id: UUID, store_id: UUID = STORE) -> None:
        message = SourceConfigured(
            source_id=source_id,
            source_kind="camera",
            store_id=store_id,
            name="door",
            origin_at=ORIGIN,
            configured_at=ORIGIN,
        )
        self.broker.append(SOURCES.name, str(source_id).encode(), encode(message))

    def package(self, name: str, **made_for: Any) -> DetectorPackage:
        """Of a head that has a rule of this name."""
        folder = cosine_head(self.folder / name, rule=rule(name), **made_for)
        return deployed(self.objects, folder)

    def deploy(
        self,
        scope: UUID,
        *live: DetectorPackage,
        shadows: Mapping[str, DetectorPackage] = MappingProxyType({}),
    ) -> None:
        self._deployments += 1
        message = ModelsDeployed(
            scope_id=scope,
            tenant_id=DEFAULT_TENANT,
            store_id=None if scope == DEFAULT_TENANT else scope,
            live=live,
            shadows=tuple(Shadow(run=run, package=one) for run, one in shadows.items()),
            deployed_at=ORIGIN + timedelta(seconds=self._deployments),
        )
        self.broker.append(MODELS.name, str(scope).encode(), encode(message))

    def withdraw(self, scope: UUID) -> None:
        self.broker.append(MODELS.name, str(scope).encode(), None)

    @contextmanager
    def running(self) -> Iterator[DeployedDetectors]:
        running = DeployedDetectors(
            self.broker, self.default, lambda: self.objects, self.folder / "cache"
        )
        running.start()
        try:
            yield running
            running.raise_failure()
        finally:
            running.stop()


@pytest.fixture
def chain(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Chain:
    monkeypatch.setattr(module, "FIRST_RETRY_S", 0.05)
    return Chain(tmp_path)


def live(assigned: Assigned) -> list[str]:
    """Names of the rules of the live detectors, the one in force first."""
    assert all(judge.run == LIVE for judge in assigned.live)
    return [judge.detector.heads[0].rule.name for judge in assigned.live]


def shadows(assigned: Assigned) -> dict[str, str]:
    return {judge.run: judge.detector.heads[0].rule.name for judge in assigned.shadows}


def becomes(asked: Callable[[], object], expected: object) -> None:
    wait_until(lambda: asked() == expected)


def test_the_nearest_scope_that_names_a_live_detector_counts(chain: Chain) -> None:
    chain.configure(source(1), ELSEWHERE)
    chain.deploy(DEFAULT_TENANT, chain.package("tenant"))
    chain.deploy(STORE, chain.package("store"))
    with chain.running() as running:
        assert live(running.of(SOURCE)) == ["store", "tenant", "default"]
        assert live(running.of(source(1))) == ["tenant", "default"]
        assert live(running.of(source(9))) == ["default"]


def test_a_promotion_and_its_rollback_are_in_force_without_a_restart(chain: Chain) -> None:
    first, second = chain.package("first"), chain.package("second")
    with chain.running() as running:
        assert live(running.of(SOURCE)) == ["default"]
        for package, expected in ((first, "first"), (second, "second"), (first, "first")):
            chain.deploy(STORE, package)
            becomes(lambda: live(running.of(SOURCE)), [expected, "default"])
        chain.withdraw(STORE)
        becomes(lambda: live(running.of(SOURCE)), ["default"])


def test_while_a_package_cannot_be_had_the_one_before_stays_in_force(chain: Chain) -> None:
    first, second = chain.package("first"), chain.package("second")
    content = chain.objects.get(second.object_key)
    chain.objects.delete(second.object_key)
    third = chain.package("third")
    chain.deploy(STORE, first)
    with chain.running() as running:
        chain.deploy(STORE, second, shadows={"beside": third})
        becomes(lambda: shadows(running.of(SOURCE)), {"beside": "third"})
        assert live(running.of(SOURCE)) == ["first", "default"]
        deployed(chain.objects, chain.folder / "second", content)
        becomes(lambda: live(running.of(SOURCE)), ["second", "default"])


def test_what_is_no_detector_leaves_the_stream_alone(chain: Chain) -> None:
    folder = chain.folder / "first"
    good = chain.package("first")
    bad = deployed(chain.objects, folder, b"no zip").model_copy(update={"detector": "bad"})
    chain.deploy(DEFAULT_TENANT, bad)
    chain.deploy(STORE, shadows={"good": good})
    with chain.running() as running:
        becomes(lambda: shadows(running.of(SOURCE)), {"good": "first"})
        assert live(running.of(SOURCE)) == ["default"]


def test_shadows_of_store_and_tenant_look_on_and_one_named_twice_does_once(chain: Chain) -> None:
    one, other = chain.package("one"), chain.package("other")
    chain.deploy(DEFAULT_TENANT, shadows={"shadow-one": one, "shadow-other": other})
    chain.deploy(STORE, shadows={"shadow-one": one})
    with chain.running() as running:
        assigned = running.of(SOURCE)
        assert shadows(assigned) == {"shadow-one": "one", "shadow-other": "other"}
        assert len(assigned.shadows) == 2
        assert live(assigned) == ["default"]


def test_detectors_of_other_backbones_are_left_to_their_own_process(chain: Chain) -> None:
    chain.deploy(STORE, chain.package("other", backbone="videomae2_s_k710"))
    with chain.running() as running:
        assert live(running.of(SOURCE)) == ["default"]


def test_after_a_start_without_the_store_what_was_fetched_before_is_in_force(chain: Chain) -> None:
    chain.deploy(STORE, chain.package("first"))
    with chain.running() as running:
        assert live(running.of(SOURCE)) == ["first", "default"]
    chain.objects.is_away = True
    with chain.running() as running:
        assert live(running.of(SOURCE)) == ["first", "default"]


def test_a_start_without_the_store_judges_by_the_settings_until_it_is_back(chain: Chain) -> None:
    chain.deploy(STORE, chain.package("first"))
    chain.objects.is_away = True
    with chain.running() as running:
        assert live(running.of(SOURCE)) == ["default"]
        chain.objects.is_away = False
        becomes(lambda: live(running.of(SOURCE)), ["first", "default"])


def test_a_camera_that_moves_to_another_store_gets_its_detector(chain: Chain) -> None:
    chain.deploy(ELSEWHERE, chain.package("elsewhere"))
    with chain.running() as running:
        assert live(running.of(SOURCE)) == ["default"]
        chain.configure(SOURCE, ELSEWHERE)
        becomes(lambda: live(running.of(SOURCE)), ["elsewhere", "default"])


def test_one_detector_of_many_stores_is_assembled_once(chain: Chain) -> None:
    package = chain.package("first")
    stores = [UUID(int=number) for number in range(1, 6)]
    for number, store in enumerate(stores, 1):
        chain.configure(source(number), store)
        chain.deploy(store, package)
    with chain.running() as running:
        found: set[Detector] = {
            running.of(source(number)).live[0].detector for number in range(1, 6)
        }
        assert len(found) == 1
