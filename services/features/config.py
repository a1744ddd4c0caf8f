"""Settings of the features service."""

import os
from pathlib import Path
from typing import Annotated, Literal

from pydantic import Field

from schemas.groups import Lane
from services.chassis.errors import WrongSettings
from services.chassis.settings import ServiceSettings
from services.features.backbones import NAMES, Options, network
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
    """What the CPU computes in; auto: bf16 where it gains by it, else int8 if there is one."""
    features_lanes: Literal["both", "live", "bulk"] = "both"
    """Which clips are read: of cameras (live), of uploads (bulk), or both by one process, which
    takes the live ones first."""
    live_bound_s: Annotated[float, Field(ge=0)] = 8.0
    """Clips of cameras that lag so many seconds are passed over, and before that windows are left
    out, when the machine cannot keep up; 0: everything is looked at, however late."""
    window_stride: Annotated[int, Field(ge=0)] = 0
    """A window begins every so many clips; 0: windows follow one another without overlap. 1 is
    twice the work of I3D, and shows each clip in two windows."""
    batch_clips: Annotated[int, Field(ge=0, le=1024)] = 0
    """At most so many clips at once; 0: 8, and 128 on a GPU."""
    batch_wait_ms: Annotated[int, Field(ge=0, le=10_000)] | None = None
    """How long a batch that is not full waits for more clips; without it 0, and 50 on a GPU."""
    decode_threads: Annotated[int, Field(ge=0, le=256)] = 0
    """Threads that decode frames; 0: one a core, at most 16."""

    pose_model: Literal["n", "s", "m"] = "n"
    """How large a pose network: n, s or m; larger ones see smaller people, and cost more."""
    pose_frames: Annotated[int, Field(ge=1, le=16)] = 8
    """At how many frames of a clip the pose network looks."""
    pose_size: Annotated[int, Field(ge=64, le=2048, multiple_of=32)] = 448
    """Longer side in pixels of what the pose network sees; clips have about 455."""

    @property
    def lanes(self) -> tuple[Lane, ...]:
        return ("live", "bulk") if self.features_lanes == "both" else (self.features_lanes,)

    @property
    def decoding_threads(self) -> int:
        return self.decode_threads or min(len(os.sched_getaffinity(0)), 16)

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
        """Raises WrongSettings for a network that does not exist, for a stride beyond its window,
        and for weights that are not here and that nobody fetches at the start.
        """
        if self.backbone not in (*NAMES, POSE):
            names = ", ".join((*NAMES, POSE))
            raise WrongSettings(
                f"NIGHTCLERK_BACKBONE is {self.backbone!r}: it must be one of {names}."
            )
        self._require_stride()
        try:
            self._require_weights()
        except FetchError as error:
            raise WrongSettings(str(error)) from None

    def _require_stride(self) -> None:
        window = network(self.backbone).window if self.backbone in NAMES else 1
        if self.window_stride > window:
            raise WrongSettings(
                f"NIGHTCLERK_WINDOW_STRIDE is {self.window_stride}: the window of {self.backbone} "
                f"has {window} clips, and a stride no more."
            )

    def _require_weights(self) -> None:
        if self.backbone not in MODELS:
            return
        pose = f"yolov8{self.pose_model}-pose.pt"
        for source in MODELS[self.backbone].sources:
            if source.url and (self.backbone != POSE or source.name == pose):
                require(self.cache_dir, self.backbone, source.name)
