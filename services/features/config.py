"""Settings of the features service."""

from pathlib import Path
from typing import Annotated, Literal

from pydantic import Field

from services.chassis.errors import WrongSettings
from services.chassis.settings import ServiceSettings
from services.features.backbones import NAMES, Options
from services.features.backbones.base import default_cache
from services.features.pose import ID as POSE
from services.features.pose import PoseOptions
from services.features.weights import MODELS, FetchError
from services.features.weights.store import require


class FeaturesSettings(ServiceSettings):
    health_port: int = 8082
    backbone: str = "i3d_k400"
    """`yolov8_pose` puts out people and their poses instead of embeddings."""
    engine: Literal["auto", "openvino", "torch"] = "auto"
    cache_dir: Path = default_cache()
    threads: int = 0
    """Threads of the CPU for the network; 0 leaves it to the engine."""
    compile: bool = False
    """Let torch compile the network on a GPU: faster, after a slower start."""
    precision: Literal["auto", "f32", "bf16", "int8"] = "auto"
    """What the CPU computes in; auto: bf16 where it can, else int8 where the backbone has it."""
    batch_clips: int = 8
    """At most so many clips at once: larger suits a GPU, smaller is sooner."""

    pose_model: Literal["n", "s", "m"] = "n"
    """How large a pose network: n, s or m; larger ones see smaller people, and cost more."""
    pose_frames: Annotated[int, Field(ge=1, le=16)] = 8
    """At how many frames of a clip the pose network looks."""
    pose_size: Annotated[int, Field(ge=64, le=2048, multiple_of=32)] = 448
    """Longer side in pixels of what the pose network sees; clips have about 455."""

    @property
    def options(self) -> Options:
        return Options(self.cache_dir, self.engine, self.threads, self.compile, self.precision)

    @property
    def pose_options(self) -> PoseOptions:
        return PoseOptions(
            model=self.pose_model,
            frames=self.pose_frames,
            size=self.pose_size,
            run=self.options,
        )

    def require_usable(self) -> None:
        """Raises WrongSettings for a network that does not exist, and for weights that are not
        here and that nobody fetches at the start.
        """
        if self.backbone not in (*NAMES, POSE):
            names = ", ".join((*NAMES, POSE))
            raise WrongSettings(
                f"NIGHTCLERK_BACKBONE is {self.backbone!r}: it must be one of {names}."
            )
        try:
            self._require_weights()
        except FetchError as error:
            raise WrongSettings(str(error)) from None

    def _require_weights(self) -> None:
        if self.backbone not in MODELS:
            return
        pose = f"yolov8{self.pose_model}-pose.pt"
        for source in MODELS[self.backbone].sources:
            if source.url and (self.backbone != POSE or source.name == pose):
                require(self.cache_dir, self.backbone, source.name)
