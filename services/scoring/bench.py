"""What scoring one live window costs each head, untrained: time does not depend on the weights.

Shapes: C windows (or frames of a person) of context, D dimensions.
"""

import time
from collections.abc import Iterator
from contextlib import contextmanager
from typing import cast

import torch

from services.rules.cards import HEADS
from services.scoring.heads.registry import Network, Takes, build, takes
from services.scoring.poses import PERSON_NUMBERS

Row = tuple[str, str]
NUMBERS: dict[Takes, int] = {"windows": 1024, "persons": PERSON_NUMBERS}
ROWS: dict[Takes, str] = {"windows": "windows", "persons": "frames of a person"}


def run(repeats: int = 20) -> Iterator[Row]:
    """A row a head."""
    for name in HEADS:
        with one_thread():
            context, seconds = one_window(name, repeats)
        yield (
            f"one live window of {name}",
            f"{1000 * seconds:.2f} ms ({ROWS[takes(name)]}: {context})",
        )


@contextmanager
def one_thread() -> Iterator[None]:
    """As the service has it."""
    before = torch.get_num_threads()
    torch.set_num_threads(1)
    try:
        yield
    finally:
        torch.set_num_threads(before)


def one_window(name: str, repeats: int) -> tuple[int, float]:
    """How far the head looks back, and the median time of a score in seconds."""
    dim = NUMBERS[takes(name)]
    network = cast(Network, build(name, dim, {}).eval())
    x_1CD = torch.rand(1, network.context, dim)
    with torch.inference_mode():
        network(x_1CD)
        times = [timed(network, x_1CD) for _ in range(repeats)]
    return network.context, sorted(times)[repeats // 2]


def timed(network: Network, x_1CD: torch.Tensor) -> float:
    started = time.perf_counter()
    network(x_1CD)
    return time.perf_counter() - started
