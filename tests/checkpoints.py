"""A head small enough to know by heart: two dimensions, the score is the cosine with (1, 0)."""

from pathlib import Path

import torch

from schemas.clips import ClipSpec
from schemas.embeddings import EmbeddingExtracted
from services.scoring.calibration import Calibration
from services.scoring.core import Rule
from services.scoring.heads.card import Card
from services.scoring.heads.checkpoint import fingerprint, pack, write
from services.scoring.heads.linear.config import LinearConfig
from services.scoring.heads.linear.model import Linear
from tests.builders import embedding

RULE = Rule(name="fight", label="fight", high=0.9, low=0.6, k=2, n=2, m=2)


def cosine_head(folder: Path) -> Path:
    """Write the checkpoint; calibrated, -1 becomes 0 and 1 becomes 1."""
    network = Linear(LinearConfig(dim=2))
    with torch.no_grad():
        network.out.weight.copy_(torch.tensor([[1.0, 0.0]]))
        network.out.bias.zero_()
    sha256 = fingerprint(pack(network))
    card = Card(
        head="linear",
        model_id=f"linear-{sha256[:8]}",
        weights_sha256=sha256,
        backbone="i3d_k400",
        window=2,
        spec=ClipSpec(),
        dim=2,
        config={},
        calibration=Calibration(raw=(-1.0, 1.0), calibrated=(0.0, 1.0)),
        rule=RULE,
    )
    write(folder, network, card)
    return folder


def window(number: int, high: bool, **more: object) -> EmbeddingExtracted:
    """The embedding of the clips 2n and 2n + 1, whose calibrated score is 1 or 0.5."""
    vector = torch.tensor([1.0, 0.0] if high else [0.0, 1.0]).numpy().astype("<f4").tobytes()
    return embedding(2 * number, 2 * number + 1, dim=2, vector=vector, **more)
