"""Weights in every form that they come in, and what is said when they do not come."""

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
import torch
from safetensors.torch import save_file

from services.features.backbones.base import Options
from services.features.pose import PoseOptions, load
from services.features.pose.network import build
from services.features.pose.silent_ultralytics import quiet
from services.features.pose.weights import read
from services.features.weights import FetchError

CANVAS = torch.randint(0, 256, (1, 64, 96, 3), generator=torch.Generator().manual_seed(1))


@pytest.fixture(scope="module")
def model() -> Any:
    """A small network of Ultralytics' own, untrained, its batch norms not trivial."""
    quiet()
    from ultralytics.nn.tasks import PoseModel

    torch.manual_seed(0)
    model = PoseModel("yolov8n-pose.yaml", verbose=False).eval()
    for module in model.modules():
        if isinstance(module, torch.nn.BatchNorm2d):
            module.running_mean.uniform_(-0.2, 0.2)
            module.running_var.uniform_(0.5, 1.5)
    return model


def folded(model: Any) -> Any:
    from copy import deepcopy

    return deepcopy(model).fuse(verbose=False)


def checkpoint(path: Path, model: Any) -> None:
    """As Ultralytics writes it: the pickled network in half precision."""
    torch.save({"epoch": -1, "ema": None, "model": folded(model).half()}, path)


FORMS: dict[str, tuple[str, Callable[[Path, Any], None]]] = {
    "checkpoint": (".pt", checkpoint),
    "state dict": (".pt", lambda path, model: torch.save(model.state_dict(), path)),
    "named": (".pt", lambda path, model: torch.save({"state_dict": model.state_dict()}, path)),
    "folded": (".pt", lambda path, model: torch.save(folded(model).state_dict(), path)),
    "safetensors": (".safetensors", lambda path, model: save_file(model.state_dict(), path)),
}


@pytest.mark.parametrize("form", FORMS)
def test_every_form_gives_the_same_network(form: str, model: Any, tmp_path: Path) -> None:
    suffix, write = FORMS[form]
    path = tmp_path / f"yolov8n-pose{suffix}"
    write(path, model)
    expected = build("n", model.state_dict())(CANVAS)
    found = build("n", read(path))(CANVAS)
    assert found.shape == (1, 8 * 12 + 4 * 6 + 2 * 3, 116)
    tolerance = 0.02 if form == "checkpoint" else 1e-4
    assert (found - expected).abs().max() <= tolerance * expected.abs().max()


def test_the_network_says_what_ultralytics_own_says(model: Any) -> None:
    from ultralytics.utils.ops import xywh2xyxy

    from services.features.pose.decode import decode
    from services.features.pose.letterbox import Letterbox

    with torch.no_grad():
        theirs_DA = model(CANVAS.permute(0, 3, 1, 2) / 255)[0][0]
    ours = decode(build("n", model.state_dict())(CANVAS)[0].numpy(), Letterbox(96, 64, 96), 0.0)
    box_A4 = xywh2xyxy(theirs_DA[:4].T).clip(0) / torch.tensor([96, 64, 96, 64])
    surest = int(theirs_DA[4].argmax())
    assert ours.confidence[0] == pytest.approx(theirs_DA[4, surest].item(), abs=1e-5)
    assert ours.box[0] == pytest.approx(box_A4[surest].clip(0, 1).numpy(), abs=1e-4)


def test_missing_weights_say_what_to_fetch_and_where_to_put_it(tmp_path: Path) -> None:
    options = PoseOptions(model="s", run=Options(cache=tmp_path))
    with pytest.raises(FetchError) as told:
        load(options)
    assert "yolov8s-pose.pt" in str(told.value)
    assert str(tmp_path / "yolov8_pose") in str(told.value)


@pytest.mark.parametrize("content", [{"a": 1}, {}, {"model": {"x": "y"}}, [1]])
def test_what_is_no_network_is_refused(content: Any, tmp_path: Path) -> None:
    torch.save(content, tmp_path / "yolov8n-pose.pt")
    with pytest.raises(FetchError, match="weights"):
        read(tmp_path / "yolov8n-pose.pt")


@pytest.mark.parametrize("suffix", [".pt", ".safetensors"])
def test_a_damaged_file_is_refused(suffix: str, tmp_path: Path) -> None:
    path = tmp_path / f"yolov8n-pose{suffix}"
    path.write_bytes(b"<html>not found</html>")
    with pytest.raises(FetchError, match="cannot be read"):
        read(path)


def test_a_pickle_that_runs_code_is_refused(tmp_path: Path) -> None:
    class Trap:
        def __reduce__(self) -> Any:
            return (Path.touch, (tmp_path / "sprung",))

    torch.save({"model": Trap()}, tmp_path / "yolov8n-pose.pt")
    with pytest.raises(FetchError, match="cannot be read"):
        read(tmp_path / "yolov8n-pose.pt")
    assert not (tmp_path / "sprung").exists()


def test_weights_of_another_size_are_refused(model: Any) -> None:
    with pytest.raises(FetchError, match="yolov8s-pose"):
        build("s", model.state_dict())
