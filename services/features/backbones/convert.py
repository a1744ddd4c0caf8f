"""Convert a network for OpenVINO: `python -m services.features.backbones.convert ID WEIGHTS IR`.

In a process of its own, since torch and transformers would stay in the memory of a service that
needs neither afterwards: more than a gigabyte for as long as it runs.
"""

import os
import subprocess
import sys
import warnings
from pathlib import Path

from services.features.backbones import network
from services.features.backbones.silent_openvino import ov
from services.features.weights import FetchError


def elsewhere(name: str, weights: Path, ir: Path) -> None:
    """Write the .xml and .bin of a network. Raises FetchError for weights that are not its own."""
    done = subprocess.run(
        [sys.executable, "-m", __name__, name, str(weights), str(ir)],
        env={**os.environ, "PYTHONPATH": os.pathsep.join(filter(None, sys.path))},
        capture_output=True,
        text=True,
    )
    if done.returncode != 0:
        last = (done.stderr.strip() or f"exit code {done.returncode}").splitlines()[-1]
        raise FetchError(f"{name} cannot be converted: {last}")


def convert(name: str, weights: Path, ir: Path) -> None:
    """The same in this process."""
    import torch

    one = network(name)
    pixels = torch.zeros(1, one.frames, one.size, one.size, 3, dtype=torch.uint8)
    with warnings.catch_warnings():
        # Tracing warns that all is fixed for this shape. It is meant to be.
        warnings.simplefilter("ignore")
        model = ov.convert_model(
            one.model(weights), example_input=pixels, input=[list(pixels.shape)]
        )
    ov.save_model(model, ir, compress_to_fp16=False)


if __name__ == "__main__":
    convert(sys.argv[1], Path(sys.argv[2]), Path(sys.argv[3]))
