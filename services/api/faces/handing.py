"""What is handed out with hidden faces: pictures at once, videos once they are made, and live
pictures. Poses of a clip come some seconds after it, so whoever gets no picture but with hidden
faces sees what was looked at last: a little later than others.
"""

import json
from concurrent.futures import CancelledError, Future, TimeoutError
from dataclasses import dataclass
from pathlib import Path
from uuid import UUID

from schemas import ids
from services.api.config import ApiSettings
from services.api.deps import Tools
from services.api.faces.detecting import FaceDetector
from services.api.faces.making import Hiding, heads_of, open_evidence
from services.api.faces.packing import alert_words, write_hidden_pack
from services.api.live.hub import Latest
from services.api.live.playback import Picture
from services.api.problems import Problem
from services.api.views import AlertView
from services.chassis.media.recording import VideoUnreadable
from services.chassis.signing import signing_key
from services.rules.hidden import Heads

LIVE_QUALITY = 80


@dataclass(frozen=True)
class HiddenEvidence:
    """Of one alert. Raises ObjectMissing where there is none (yet), and TransientError."""

    context: Tools
    view: AlertView

    @property
    def alert_id(self) -> UUID:
        return self.view.alert_id

    def snapshot(self) -> bytes:
        """A JPEG."""
        hiding = self._hiding()
        at_s = self.view.peak_s - hiding.heads.starts_at_s
        return hiding.picture(self.context.store.get(ids.snapshot_key(self.alert_id)), at_s)

    def video(self) -> Path:
        """An MP4. Raises Problem 202 while it is being made, 404 where it cannot be read."""
        return made(self._making(), self.context.settings.api_playback_wait_s)

    def pack(self, path: Path) -> None:
        """A signed zip of what may be shown: snapshot, video, and the alert in its own words, which
        say of which original it was made. Raises as `video` does.
        """
        store, prefix = self.context.store, ids.evidence_prefix(self.alert_id)
        original = store.get(ids.manifest_key(self.alert_id))
        words = json.loads(store.get(f"{prefix}alert.json"))
        files: dict[str, bytes | Path] = {
            "alert.json": alert_words(words, original),
            "evidence.mp4": self.video(),
            "snapshot.jpg": self.snapshot(),
        }
        key = signing_key(self.context.settings.signing_key_file)
        write_hidden_pack(path, str(self.alert_id), files, self.context.clock.now(), key)

    def _making(self) -> Future[Path]:
        store, key = self.context.store, ids.evidence_key(self.alert_id)
        info, hiding = store.stat(key), self._hiding()
        parts = (key, info.etag, str(info.size_bytes), str(hiding.detector is not None))
        return self.context.hidden_copies.file(
            str(self.view.source_id),
            parts,
            lambda path: hiding.write(open_evidence(store, key), path),
        )

    def _hiding(self) -> Hiding:
        heads = heads_of(self.context.store, self.alert_id)
        return Hiding(heads, detector_of(self.context.settings))


@dataclass(frozen=True)
class HiddenPictures:
    """Of one socket: a detector is not safe between threads."""

    detector: FaceDetector | None = None

    def jpeg(self, latest: Latest, picture: Picture) -> bytes:
        """All of it is hidden where no pose network looked."""
        clip = picture.clip
        poses = [each for each in list(latest.poses) if each.origin_at == clip.origin_at]
        hiding = Hiding(Heads.seen(poses, clip.origin_at), self.detector)
        return hiding.picture(picture.jpeg, picture.at_s, LIVE_QUALITY)


def made(making: Future[Path], wait_s: float) -> Path:
    """Raises Problem 202 while it is being made, 404 where it cannot be read."""
    try:
        return making.result(wait_s)
    except (TimeoutError, CancelledError):
        detail = "The video with hidden faces is being made."
        raise Problem(202, detail, {"Retry-After": "5"}) from None
    except VideoUnreadable as error:
        raise Problem(404, f"Faces cannot be hidden in it: {error}.") from error


def detector_of(settings: ApiSettings) -> FaceDetector | None:
    """One of one's own, where the operator names weights. Raises WrongSettings."""
    return FaceDetector(settings.face_weights) if settings.face_weights else None
