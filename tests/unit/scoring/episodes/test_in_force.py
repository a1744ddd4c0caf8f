"""What is known of models: of the settings, and of whatever was deployed."""

from pathlib import Path

from schemas.codec import encode
from schemas.ids import DEFAULT_TENANT
from schemas.models import DetectorPackage, ModelsDeployed, Shadow
from schemas.topics import MODELS
from services.chassis.storage.objects import MemoryObjects
from services.chassis.streaming.memory import MemoryBroker
from services.scoring.episodes.in_force import Detectors, InForce, deployed_heads
from services.scoring.episodes.policy import Cards
from tests.builders import ORIGIN
from tests.checkpoints import card, cosine, cosine_head, deployed, rule

CARD = card(cosine())
NOTHING = Detectors(Cards(()), frozenset(), 1)
KNOWN = Detectors(Cards((CARD,)), frozenset(), 1)


def package(folder: Path, name: str) -> DetectorPackage:
    return deployed(MemoryObjects(), cosine_head(folder / name, rule=rule(name)))


def deploy(broker: MemoryBroker, live: DetectorPackage, **shadows: DetectorPackage) -> None:
    message = ModelsDeployed(
        scope_id=DEFAULT_TENANT,
        tenant_id=DEFAULT_TENANT,
        live=(live,),
        shadows=tuple(Shadow(run=run, package=one) for run, one in shadows.items()),
        deployed_at=ORIGIN,
    )
    broker.append(MODELS.name, str(DEFAULT_TENANT).encode(), encode(message))


def test_models_of_deployments_that_were_overtaken_are_known_too(tmp_path: Path) -> None:
    """Judgements of them may lie unread."""
    broker = MemoryBroker([MODELS])
    deploy(broker, package(tmp_path, "first"), beside=package(tmp_path, "beside"))
    deploy(broker, package(tmp_path, "second"))
    broker.append(MODELS.name, str(DEFAULT_TENANT).encode(), None)
    found = {head.rule.name for head in deployed_heads(broker)}
    assert found == {"first", "beside", "second"}


def test_a_model_that_nobody_knew_is_known_once_it_is_deployed() -> None:
    asked = [NOTHING, KNOWN]
    in_force = InForce(NOTHING, lambda: asked.pop(0))
    assert not in_force.has(CARD.model_id)
    assert not in_force.has(CARD.model_id)
    assert len(asked) == 1  # not at every judgement
    in_force.tick()
    assert in_force.has(CARD.model_id)
