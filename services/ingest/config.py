"""Settings of the ingest service."""

from datetime import timedelta
from pathlib import Path
from typing import Annotated, Literal

from pydantic import Field

from schemas.clips import ClipSpec
from services.chassis.media.limits import MediaLimits
from services.chassis.settings import ServiceSettings
from services.ingest.recording.ring import RingBounds

DEFAULT_SPEC = ClipSpec()


class IngestSettings(ServiceSettings):
    health_port: int = 8081
    clip_frames: int = DEFAULT_SPEC.frames
    clip_frame_rate: float = DEFAULT_SPEC.frame_rate
    clip_hop: int = DEFAULT_SPEC.hop
    """How video is cut. Head and backbone must be made for it."""
    clip_encoding: Literal["jpeg", "h264"] = "jpeg"
    """How cameras' clips travel: `h264` takes a fifth of the bytes, for a worker with a thin
    uplink, and 40 ms of CPU a second more for each camera."""
    max_duration_s: float = MediaLimits.max_duration_s
    max_pixels: int = MediaLimits.max_pixels
    decode_threads: int = MediaLimits.decode_threads
    backbone: str = "i3d_k400"
    backbones: str = ""
    """The networks that look at clips, separated by commas; empty: the one of NIGHTCLERK_BACKBONE.
    None of them may fall far behind."""
    cutting_lanes: int = 3
    """So many uploads are cut at the same time."""
    open_uploads: int = 8
    """So many uploads take turns."""
    max_ahead_clips: int = 256
    """Cutting waits while so many clips are unread by the features service."""
    camera_open_s: Annotated[float, Field(gt=0)] = 6.0
    """How long a camera may take to answer and to send its first packets."""
    camera_read_s: Annotated[float, Field(gt=0)] = 5.0
    """A camera that sends nothing for so long is connected to anew."""
    camera_offline_s: Annotated[float, Field(gt=0)] = 10.0
    """Without a picture for so long a camera is reported as offline."""
    spool_bytes: Annotated[int, Field(ge=0)] = 2**30
    """Bytes of a camera's clips that wait on this machine's disk while Kafka is away: an hour or
    so. Beyond, the oldest are dropped and counted."""
    spool_reserve_bytes: Annotated[int, Field(ge=0)] = 256 * 2**20
    """Clips that wait leave so much of the disk to others."""

    recording_keep_h: float = Field(default=24.0, gt=0)
    """For how many hours cameras' recordings stay on a worker's disk."""
    recording_most_gb: float = Field(default=20.0, gt=0)
    """So many GiB of recordings lie on a worker's disk, the oldest of all cameras dropped first."""
    recording_free_share: float = Field(default=0.05, ge=0, lt=1)
    """This share of the disk stays free; with less than half of it free nothing is recorded."""

    @property
    def spec(self) -> ClipSpec:
        return ClipSpec(frames=self.clip_frames, frame_rate=self.clip_frame_rate, hop=self.clip_hop)

    @property
    def backbone_names(self) -> list[str]:
        named = (name.strip() for name in self.backbones.split(","))
        return [name for name in named if name] or [self.backbone]

    @property
    def limits(self) -> MediaLimits:
        return MediaLimits(
            max_duration_s=self.max_duration_s,
            max_pixels=self.max_pixels,
            decode_threads=self.decode_threads,
        )

    @property
    def ring_bounds(self) -> RingBounds:
        return RingBounds(
            keep=timedelta(hours=self.recording_keep_h),
            most_bytes=round(self.recording_most_gb * 2**30),
            free_share=self.recording_free_share,
        )

    @property
    def recordings(self) -> Path:
        return self.state_dir / "recordings"

    @property
    def spool_folder(self) -> Path:
        """A folder in it for each camera."""
        return self.state_dir / "spool"

    @property
    def workspace(self) -> Path:
        return self.state_dir / "ingest"
