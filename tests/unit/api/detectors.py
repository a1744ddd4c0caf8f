"""Detectors to register: cards with weights of a few bytes, zipped; no network is ever loaded."""

import hashlib
import io
import json
from typing import Any
from zipfile import ZIP_DEFLATED, ZipFile

from schemas.clips import ClipSpec
from schemas.policies import PersistenceRule
from services.rules.cards import HeadCard, Knots
from tests.unit.api.conftest import Api

MODELS = "/api/v1/models"
RULE = PersistenceRule(name="fight", label="Possible fight", high=0.6, low=0.5, k=2, n=2, m=2)


def weights(seed: int = 0) -> bytes:
    """One tensor of a number, as a file of safetensors."""
    header = {"w": {"dtype": "F32", "shape": [1], "data_offsets": [0, 4]}}
    packed = json.dumps(header).encode()
    return len(packed).to_bytes(8, "little") + packed + seed.to_bytes(4, "little")


def card(seed: int = 0, **fields: Any) -> HeadCard:
    content = {
        "head": "linear",
        "weights_sha256": hashlib.sha256(weights(seed)).hexdigest(),
        "backbone": "i3d_k400",
        "window": 2,
        "spec": ClipSpec(),
        "dim": 1024,
        "calibration": Knots(raw=(-2.0, 2.0), calibrated=(0.0, 1.0)),
        "rule": RULE,
        "metrics": {"auc": 0.9},
    }
    return HeadCard.model_validate(content | fields)


def files(seed: int = 0, folder: str = "", **fields: Any) -> dict[str, bytes]:
    """Of one head."""
    return {
        f"{folder}model.json": card(seed, **fields).model_dump_json().encode(),
        f"{folder}weights.safetensors": weights(seed),
    }


def zipped(content: dict[str, bytes]) -> bytes:
    packed = io.BytesIO()
    with ZipFile(packed, "w", ZIP_DEFLATED) as archive:
        for name, data in content.items():
            archive.writestr(name, data)
    return packed.getvalue()


def hand_in(api: Api, content: bytes, **where: str) -> Any:
    kind = {"Content-Type": "application/zip"}
    return api.client.post(MODELS, content=content, params=where, headers=kind)


def registered(api: Api, seed: int = 0, name: str = "till", **fields: Any) -> str:
    """The id of a detector that is registered now."""
    answer = hand_in(api, zipped(files(seed, **fields)), name=name)
    assert answer.status_code == 201, answer.text
    return str(answer.json()["detector"])
