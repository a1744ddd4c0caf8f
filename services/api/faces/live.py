"""Live pictures with hidden faces. Poses of a clip come some seconds after it, so whoever gets no
picture but with hidden faces sees what was looked at last: a little later than others.
"""

from dataclasses import dataclass

from services.api.faces.detecting import FaceDetector
from services.api.faces.making import Hiding
from services.api.live.hub import Latest
from services.api.live.playback import Picture
from services.rules.hidden import Heads

QUALITY = 80


@dataclass(frozen=True)
class HiddenPictures:
    """Of one socket: a detector is not safe between threads."""

    detector: FaceDetector | None = None

    def jpeg(self, latest: Latest, picture: Picture) -> bytes:
        """All of it is hidden where no pose network looked."""
        clip = picture.clip
        poses = [each for each in list(latest.poses) if each.origin_at == clip.origin_at]
        hiding = Hiding(Heads.seen(poses, clip.origin_at), self.detector)
        return hiding.picture(picture.jpeg, picture.at_s, QUALITY)
