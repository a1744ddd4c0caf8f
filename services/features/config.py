"""Settings of the features service."""

from pathlib import Path
from typing import Literal

from services.chassis.settings import ServiceSettings
from services.features.backbones import Options
from services.features.backbones.base import default_cache


class FeaturesSettings(ServiceSettings):
    health_port: int = 8082
    backbone: str = "i3d_k400"
    engine: Literal["auto", "openvino", "torch"] = "auto"
    cache_dir: Path = default_cache()
    threads: int = 0
    """Threads of the CPU for the network; 0 leaves it to the engine."""
    batch_clips: int = 8
    """At most so many clips at once: larger suits a GPU, smaller is sooner."""

    @property
    def options(self) -> Options:
        return Options(cache=self.cache_dir, engine=self.engine, threads=self.threads)
