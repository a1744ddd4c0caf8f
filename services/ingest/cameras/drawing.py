"""A camera's sampled frames -> small masked JPEGs, and what is measured on them."""

from collections.abc import Iterable
from dataclasses import dataclass

import av

from schemas.sources import CameraSettings
from services.chassis.media.jpeg import Jpeg, Plane, of_planes
from services.chassis.media.shape import Size, scaled_size, turns_of
from services.ingest.core import masks, thumbnails
from services.ingest.core.motion import Motion
from services.ingest.core.picture_health import Change, PictureHealth
from services.ingest.core.views import Views
from services.ingest.sources.scale import SHORT_SIDE, Scaler

SAME_SHAPE = 0.02
"""Pictures whose aspect differs by less are drawn to the same size."""


@dataclass(frozen=True)
class Shot:
    """One picture of a clip."""

    jpeg: Jpeg
    moves: bool


class Drawing:
    """Draws one stretch of a camera whose pictures have one shape, on one grid."""

    def __init__(self, first: av.VideoFrame, settings: CameraSettings, views: Views | None) -> None:
        """`views` is what was known of the camera before."""
        self._unturned, self._turns = _size(first), turns_of(first)
        self._scaler = Scaler(self._unturned, self._turns)
        upright = self._unturned.turned if self._turns % 2 else self._unturned
        small = scaled_size(upright, SHORT_SIDE)
        self._mask = masks.Mask(settings.masks, small.width, small.height)
        self._motion = _motion(settings, small)
        self._health = PictureHealth(views)
        self._changes: list[Change] = []

    @property
    def views(self) -> Views:
        return self._health.views

    def fits(self, picture: av.VideoFrame) -> bool:
        size, known = _size(picture), self._unturned
        ratio = size.width * known.height / (size.height * known.width)
        return abs(ratio - 1) < SAME_SHAPE and turns_of(picture) == self._turns

    def draw(self, picture: av.VideoFrame, at_s: float) -> Shot:
        planes = self._scaler.planes(picture)
        self._mask.blacken(planes, is_full_range=True)
        return Shot(of_planes(planes), self._measure(planes[0], at_s))

    def changes(self) -> Iterable[Change]:
        """What became of the picture since this was last asked."""
        changes, self._changes = self._changes, []
        return changes

    def end(self, at_s: float) -> Iterable[Change]:
        return (*self.changes(), *self._health.end(at_s))

    def _measure(self, luma: Plane, at_s: float) -> bool:
        is_due = self._health.is_due(at_s)
        thumb = None
        if is_due or (self._motion is not None and self._motion.is_due(at_s)):
            thumb = thumbnails.thumbnail(luma)
        if is_due and thumb is not None:
            self._changes += self._health.show(thumb, at_s)
        if self._motion is None:
            return True
        return self._motion.show(thumb, at_s)


def _motion(settings: CameraSettings, small: Size) -> Motion | None:
    """Where there are zones, only what moves in them counts."""
    if not settings.motion_gate:
        return None
    if not settings.zones:
        return Motion()
    zones = masks.covered([zone.polygon for zone in settings.zones], small.width, small.height)
    return Motion(thumbnails.region_of_blocks(zones))


def _size(picture: av.VideoFrame) -> Size:
    return Size(picture.width, picture.height)
