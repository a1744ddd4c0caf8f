"""`nightclerk models` with the API itself, over HTTP: the way of a detector from a terminal."""

import json
from pathlib import Path

from services.rules.folders import DEFAULT
from tests.unit.api.detectors import card, files, zipped
from tests.unit.api.test_commands import Stack, stack

__all__ = ["stack"]


def folder_of(tmp_path: Path, name: str, seed: int) -> Path:
    """As `nightclerk train` writes it."""
    folder = tmp_path / name
    folder.mkdir()
    for file, content in files(seed).items():
        (folder / file).write_bytes(content)
    (folder / "MODEL_CARD.md").write_text("not part of the package")
    return folder


def test_a_detector_goes_from_candidate_to_live_and_back(stack: Stack, tmp_path: Path) -> None:
    first, second = (folder_of(tmp_path, name, seed) for name, seed in (("one", 1), ("two", 2)))
    assert (
        f"registered {card(1).model_id} as one 1"
        in stack.run("models", "register", str(first)).stdout
    )
    stack.run("models", "register", str(second), "--note", "braver")
    promoted = stack.run("models", "promote", "one", "--without-comparison", "--reason", "new")
    assert f"live {card(1).model_id} (one 1) in all stores" in promoted.stdout
    assert "looks on" in stack.run("models", "shadow", "two").stdout
    listed = {
        each["name"]: each for each in json.loads(stack.run("models", "list", "--json").stdout)
    }
    assert (listed["one"]["state"], listed["two"]["state"]) == ("active", "shadow")
    assert "candidate" in stack.run("models", "list").stdout
    assert "off" in stack.run("models", "shadow", "two", "--off").stdout
    stack.run("models", "promote", "two", "--without-comparison", "--reason", "braver")
    back = stack.run("models", "rollback", "--reason", "too brave")
    assert f"live {card(1).model_id}" in back.stdout
    assert "retired" in stack.run("models", "retire", "two").stdout
    history = json.loads(stack.run("models", "history", "--json").stdout)
    assert [each["reason"] for each in history[:2]] == ["too brave", "braver"]
    assert "rolled back" in stack.run("models", "history").stdout
    assert "one 1" in stack.run("models", "deployments").stdout


def test_what_is_refused_is_said_in_a_sentence(stack: Stack, tmp_path: Path) -> None:
    broken = tmp_path / "broken.zip"
    broken.write_bytes(zipped({"notes.txt": b"nothing"}))
    refused = stack.run("models", "register", str(broken))
    assert refused.exit_code == 1
    assert "holds no model.json" in refused.output
    (tmp_path / "empty").mkdir()
    assert stack.run("models", "register", str(tmp_path / "empty")).exit_code == 1
    unknown = stack.run("models", "promote", "nothing", "--without-comparison")
    assert (unknown.exit_code, "there is no detector nothing" in unknown.output) == (1, True)
    unknown = stack.run("models", "rollback", "--store", "nowhere")
    assert "there is no store nowhere" in unknown.output


def test_the_shipped_detector_is_shown_and_can_be_registered(stack: Stack) -> None:
    assert "fight: high" in stack.run("models", "show", "default").stdout
    made = stack.run("models", "register", str(DEFAULT), "--name", "shipped", "--json")
    assert json.loads(made.stdout)["version"] == 1
    shown = json.loads(stack.run("models", "show", "shipped", "--json").stdout)
    assert len(shown["heads"]) == 3
