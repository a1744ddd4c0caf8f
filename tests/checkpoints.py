"""Heads small enough to know by heart: two dimensions, the score is the cosine with an axis."""

import hashlib
import io
from pathlib import Path
from typing import Any
from zipfile import ZipFile

import torch
from torch import Tensor

from schemas.clips import ClipSpec
from schemas.embeddings import EmbeddingExtracted
from schemas.ids import DEFAULT_TENANT
from schemas.models import DetectorPackage
from schemas.policies import PersistenceRule
from services.chassis.storage.objects import ObjectStore
from services.rules.cards import detector_id
from services.scoring.calibration import Calibration
from services.scoring.cards import Card, read_cards
from services.scoring.heads import Head
from services.scoring.heads.checkpoint import fingerprint, pack, write
from services.scoring.heads.linear.config import LinearConfig
from services.scoring.heads.linear.model import Linear
from services.scoring.heads.registry import build
from services.scoring.judging.assigned import Assignments
from services.scoring.judging.detector import Detector
from services.scoring.judging.live import JudgingHandler
from tests.builders import embedding

RULE = PersistenceRule(name="fight", label="fight", high=0.9, low=0.6, k=2, n=2, m=2)


def rule(name: str) -> PersistenceRule:
    """As RULE, under another name."""
    return RULE.model_copy(update={"name": name, "label": f"Possible {name}"})


def card(network: torch.nn.Module, **more: Any) -> Card:
    """Calibrated, -1 becomes 0 and 1 becomes 1."""
    sha256 = fingerprint(pack(network))
    fields = {
        "head": "linear",
        "weights_sha256": sha256,
        "backbone": "i3d_k400",
        "window": 2,
        "spec": ClipSpec(),
        "dim": 2,
        "calibration": Calibration(raw=(-1.0, 1.0), calibrated=(0.0, 1.0)),
        "rule": RULE,
    }
    return Card(**fields | more)


def cosine(axis: int = 0) -> Linear:
    network = Linear(LinearConfig(dim=2)).eval()
    with torch.no_grad():
        network.out.weight.copy_(torch.eye(2)[axis : axis + 1])
        network.out.bias.zero_()
    return network


def cosine_head(folder: Path, axis: int = 0, **more: Any) -> Path:
    """Write the checkpoint of a head that finds one axis high."""
    network = cosine(axis)
    write(folder, network, card(network, **more))
    return folder


def random_head(folder: Path, name: str, rule_name: str = "", **made_for: Any) -> Path:
    """Write an untrained checkpoint of any head; its rule bears its name, if it is given no other,
    and its first score opens an alert, since all are calibrated to lie above the mark.
    """
    torch.manual_seed(0)
    network = build(name, made_for["dim"], {}).eval()
    sha256 = fingerprint(pack(network))
    everything_high = {
        "calibration": Calibration(raw=(-256.0, 256.0), calibrated=(0.95, 1.0)),
        "rule": rule(rule_name or name).model_copy(update={"k": 1, "n": 1}),
    }
    weights = {"head": name, "weights_sha256": sha256}
    write(folder, network, Card(**weights, **everything_high, **made_for))
    return folder


class MeanOfLatest(torch.nn.Module):
    """A head with context: the mean first number of the latest windows."""

    def __init__(self, context: int) -> None:
        super().__init__()
        self.context = context

    def forward(self, x_BTD: Tensor) -> Tensor:
        return x_BTD[..., 0].mean(dim=1, keepdim=True).expand(x_BTD.shape[:2])

    def bounds(self) -> tuple[float, float]:
        return -1.0, 1.0


def mean_head(context: int = 3, **more: Any) -> Head:
    network = MeanOfLatest(context)
    described = {"config": {"context": context}, "rule": rule("mean")} | more
    return Head(network, card(network, **described))


def window(number: int, high: bool, **more: object) -> EmbeddingExtracted:
    """The embedding of the clips 2n and 2n + 1, whose calibrated score is 1 or 0.5."""
    return vector_window(number, (1.0, 0.0) if high else (0.0, 1.0), **more)


def vector_window(number: int, vector: tuple[float, float], **more: object) -> EmbeddingExtracted:
    packed = torch.tensor(vector).numpy().astype("<f4").tobytes()
    return embedding(2 * number, 2 * number + 1, dim=2, vector=packed, **more)


def judging(detector: Detector, **more: Any) -> JudgingHandler:
    """A handler of one detector, as where nothing is deployed."""
    assigned = Assignments(detector).of()
    return JudgingHandler(detector.backbone, lambda _: assigned, **more)


def packed(folder: Path) -> bytes:
    """The zip of a detector's folder."""
    stream = io.BytesIO()
    with ZipFile(stream, "w") as archive:
        for file in sorted(folder.rglob("*")):
            if file.is_file():
                archive.writestr(str(file.relative_to(folder)), file.read_bytes())
    return stream.getvalue()


def deployed(store: ObjectStore, folder: Path, content: bytes | None = None) -> DetectorPackage:
    """The detector in a folder, put into the store; `content` takes the place of its zip."""
    cards, zipped = read_cards(folder), packed(folder) if content is None else content
    detector = detector_id(tuple(each.model_id for each in cards))
    sha256 = hashlib.sha256(zipped).hexdigest()
    key = f"models/{DEFAULT_TENANT}/{detector}-{sha256[:12]}.zip"
    store.put(key, io.BytesIO(zipped), "application/zip")
    return DetectorPackage(
        detector=detector,
        backbone=cards[0].backbone,
        window=cards[0].window,
        spec=cards[0].spec,
        object_key=key,
        sha256=sha256,
        heads=tuple(each.terms() for each in cards),
    )
