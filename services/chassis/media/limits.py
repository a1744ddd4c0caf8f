"""What a video from an untrusted sender may ask for (ADR 0014)."""

from dataclasses import dataclass

from services.chassis.errors import InvalidMessage


class BadVideo(InvalidMessage):
    """The file cannot be used as a video. The text is one sentence for its owner."""


@dataclass(frozen=True)
class MediaLimits:
    """Each is checked against what comes out of the decoder, not only against what a file claims.

    A file is read to its end or up to `max_silent_bytes` without a picture's data, whichever comes
    first: parsers keep all that in memory.
    """

    max_duration_s: float = 12 * 3600.0
    max_frames: int = 12 * 3600 * 120
    max_pixels: int = 8192 * 4608
    max_gigapixels: float = 30_000.0
    """Of all pictures together: what decoding costs. Twelve hours of 4K at 50 frames a second have
    18,000."""
    max_side: int = 16_384
    max_silent_bytes: int = 32 * 1024 * 1024
    decode_threads: int = 2

    def check_size(self, width: int, height: int) -> None:
        """Raises BadVideo for a picture with more pixels, or a longer side, than the limits."""
        if width * height > self.max_pixels or max(width, height) > self.max_side:
            raise BadVideo(f"The picture is too large: {width}x{height} pixels.")

    def check_duration(self, footage_s: float) -> None:
        """Raises BadVideo for more footage than the limit; gaps are none."""
        if footage_s > self.max_duration_s:
            most = self.max_duration_s / 3600
            raise BadVideo(f"The video is too long: at most {most:g} hours are analysed.")

    def check_work(self, frames: int, pixels: int) -> None:
        """Raises BadVideo for more frames, or more pixels in all, than the limits."""
        if frames > self.max_frames:
            raise BadVideo(f"The video has more than {self.max_frames} frames.")
        if pixels > self.max_gigapixels * 1e9:
            raise BadVideo(f"The video has more than {self.max_gigapixels:g} gigapixels in all.")
