"""Settings of re-extraction. How a network runs is said by the names that features reads too."""

from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Literal

from pydantic import Field

from services.chassis.settings import ServiceSettings
from services.features.backbones.base import default_cache

if TYPE_CHECKING:
    from services.features.backbones import Options


class ReextractionSettings(ServiceSettings):
    health_port: int = 8088
    engine: Literal["auto", "openvino", "torch"] = "auto"
    cache_dir: Path = default_cache()
    threads: int = 0
    """Threads of the CPU for the network; 0 leaves it to the engine."""
    compile: bool = False
    """Let torch compile the network on a GPU: faster, after a slower start."""
    precision: Literal["auto", "f32", "bf16", "int8"] = "auto"
    """What the CPU computes in; auto: bf16 where it gains by it, else int8 if there is one."""
    reextraction_niceness: Annotated[int, Field(ge=0, le=19)] = 19
    """How far it stands back behind what is live on the same machine; at 19 it has what nobody else
    wants."""

    @property
    def options(self) -> "Options":
        from services.features.backbones import Options

        return Options(self.cache_dir, self.engine, self.threads, self.compile, self.precision)
