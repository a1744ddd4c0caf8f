"""`nightclerk erase verify`: a proof is good as it was signed, and only so."""

import json
from datetime import UTC, datetime
from pathlib import Path

import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from typer.testing import CliRunner, Result

from services.api.erasure.proof import ErasedObject, written
from services.chassis.signing import fingerprint, public_text
from services.cli.__main__ import app

KEY = Ed25519PrivateKey.generate()
WHEN = datetime(2026, 5, 1, tzinfo=UTC)


def verified(file: Path, *options: str) -> Result:
    return CliRunner().invoke(app, ["erase", "verify", str(file), *options], catch_exceptions=False)


@pytest.fixture
def proof(tmp_path: Path) -> Path:
    names = "erasure_id tenant_id source_id source_name reason asked_by"
    row = dict.fromkeys(names.split(), "x") | {"row_counts": {"alerts": 1}, "alert_ids": []}
    row |= dict.fromkeys(("since_at", "until_at", "asked_at"), WHEN)
    content, signature = written(row, [ErasedObject("a", None, None)], WHEN, KEY)
    file = tmp_path / "proof.json"
    file.write_text(json.dumps({"proof": content.decode(), "signature": signature}))
    return file


def test_a_proof_is_good_and_names_its_signer(proof: Path) -> None:
    public = public_text(KEY.public_key())
    result = verified(proof, "--key", public)
    assert (result.exit_code, fingerprint(public) in result.output) == (0, True)


def test_a_changed_one_is_not(proof: Path) -> None:
    whole = json.loads(proof.read_text())
    whole["proof"] = whole["proof"].replace('"alerts": 1', '"alerts": 2')
    proof.write_text(json.dumps(whole))
    assert verified(proof).exit_code != 0
    proof.write_text("[]")
    assert verified(proof).exit_code != 0
