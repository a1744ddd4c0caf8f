"""int8 on one's own footage: how near it comes to float32, and what its ranges are made of.

`python -m services.cli.int8 FOLDER --out highs.json` measures the ranges that are committed beside
a backbone. It lives here because only this layer may see ingest and features at once.
"""

import json
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Annotated

import numpy as np
import typer
from numpy.typing import NDArray
from rich.progress import track

from services.chassis.errors import InvalidMessage
from services.cli.extract import videos_in
from services.cli.extractor import embedded
from services.cli.screen import err
from services.features.backbones import Backbone, Options, engine, network
from services.features.backbones.base import locked
from services.features.backbones.observing import Observing
from services.features.config import FeaturesSettings

DEFAULT = "i3d_k400"


@dataclass(frozen=True)
class Likeness:
    """Cosines between the vectors of the same windows in two precisions."""

    cosines: NDArray[np.float64]

    def __str__(self) -> str:
        count, worst, middle = len(self.cosines), self.cosines.min(), np.median(self.cosines)
        return (
            f"{count} windows: cosine to f32 {middle:.4f} in the middle, {worst:.4f} at the worst"
        )


def made(name: str, options: Options) -> Path:
    """The int8 network of a backbone, made unless it is there. Raises FetchError, ValueError."""
    described = network(name)
    if described.highs is None:
        raise ValueError(f"{name} is not to be had in int8")
    with locked(options.cache / name):
        weights = described.weights(options.cache)
        return engine.quantized(described, weights, engine.converted(described, weights))


def compared(name: str, options: Options, videos: Sequence[Path]) -> Likeness:
    """The same videos in f32 and in int8. Raises what `made` raises; ValueError without windows."""
    exact, rounded = (
        list(_vectors(track(videos, precision, console=err, transient=True), backbone))
        for precision, backbone in _precisions(name, options)
    )
    if not exact:
        raise ValueError("no video of this folder can be read")
    exact_ND, bytes_ND = (np.concatenate(rows, dtype=np.float64) for rows in (exact, rounded))
    norms_N = np.linalg.norm(exact_ND, axis=1) * np.linalg.norm(bytes_ND, axis=1)
    return Likeness((exact_ND * bytes_ND).sum(axis=1) / norms_N)


def measured(name: str, options: Options, videos: Sequence[Path]) -> dict[str, float]:
    """How high the activations rise on these videos. Raises ValueError without windows."""
    described = network(name)
    weights = described.weights(options.cache)
    watching = Observing(described, engine.converted(described, weights), options.threads)
    for _ in _vectors(track(videos, "measuring", console=err, transient=True), watching):
        pass
    return watching.highs


def main(
    folder: Annotated[Path, typer.Argument(help="Footage; folders inside are looked into.")],
    out: Annotated[Path, typer.Option(help="Where to write, .json.")],
    backbone: Annotated[str, typer.Option(help="The network that looks.")] = DEFAULT,
) -> None:
    """Measure the ranges of a backbone's int8 network."""
    videos = list(videos_in(folder))
    highs = measured(backbone, FeaturesSettings().options, videos)
    out.write_text(json.dumps({"measured": f"{len(videos)} videos", "highs": highs}, indent=1))


def _precisions(name: str, options: Options) -> Iterator[tuple[str, Backbone]]:
    described = network(name)
    made(name, options)
    for precision in ("f32", "int8"):
        weights, wish = described.weights(options.cache), replace(options, precision=precision)
        yield precision, engine.on_cpu(described, weights, wish)


def _vectors(videos: Iterable[Path], backbone: Backbone) -> Iterator[NDArray[np.float32]]:
    """[windows, dimensions] of each video that can be read."""
    for video in videos:
        try:
            features = embedded(video, video.name, backbone)
        except (InvalidMessage, OSError) as error:
            err.print(f"{video.name}: {error}", markup=False)
        else:
            if len(features):
                yield np.asarray(features.vectors[0])


if __name__ == "__main__":
    typer.run(main)
