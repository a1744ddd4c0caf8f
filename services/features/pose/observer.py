"""Clips of many sources in, each source's in order; who was seen in each of them out."""

from dataclasses import dataclass

from schemas import ids
from schemas.clips import ClipRecorded, SequenceId
from schemas.poses import Person, PoseFrame, PosesExtracted
from services.features.core import follows
from services.features.pose.base import ID, PoseNetwork, PoseOptions
from services.features.pose.decode import People, decode
from services.features.pose.pictures import Pictures, pictures
from services.features.pose.tracks import SURE, UNSURE, Tracker


@dataclass(frozen=True)
class Followed:
    """The latest clip of a source and who was in it."""

    clip: ClipRecorded
    tracker: Tracker


class Observer:
    """Finds people, and follows them over consecutive clips of a source.

    At a gap, when a source begins again and after its last clip everybody is somebody new.
    """

    def __init__(self, network: PoseNetwork, options: PoseOptions) -> None:
        self._network, self._options = network, options
        self._followed: dict[SequenceId, Followed] = {}

    def pictures(self, clip: ClipRecorded) -> Pictures:
        """What `observe` looks at; touches no state. Raises InvalidMessage."""
        return pictures(clip, self._options.frames, self._options.size)

    def observe(self, clip: ClipRecorded, seen: Pictures) -> PosesExtracted:
        """The people of the source's next clip. Its id depends on nothing but clip and network."""
        tracker = self._tracker(clip)
        places_TAD = self._network.places(seen.canvases)
        frames = tuple(
            _frame(at_s, decode(places_AD, seen.letterbox, UNSURE), seen, tracker)
            for at_s, places_AD in zip(seen.at_s, places_TAD, strict=True)
        )
        self._keep(clip, tracker)
        return PosesExtracted(
            **clip.provenance(),
            poses_id=ids.poses_id(clip.clip_id, ID),
            clip=clip.ref,
            backbone=ID,
            spec=clip.spec,
            width=seen.letterbox.width,
            height=seen.letterbox.height,
            frames=frames,
            is_last=clip.is_last,
        )

    def forget(self, sequence: SequenceId) -> None:
        """That sequence has ended, or belongs to another worker now."""
        self._followed.pop(sequence, None)

    def _tracker(self, clip: ClipRecorded) -> Tracker:
        latest = self._followed.get(clip.sequence)
        if latest and follows(clip, latest.clip) and not latest.tracker.is_full:
            return latest.tracker
        return Tracker(clip.index, self._options.frames / clip.spec.hop_s)

    def _keep(self, clip: ClipRecorded, tracker: Tracker) -> None:
        if clip.is_last:
            self.forget(clip.sequence)
        else:
            without_pixels = clip.model_copy(update={"frames": ()})
            self._followed[clip.sequence] = Followed(without_pixels, tracker)


def _frame(at_s: float, people: People, seen: Pictures, tracker: Tracker) -> PoseFrame:
    """Whoever is followed, and whoever is seen surely enough to be."""
    tracks = tracker.follow(people, seen.letterbox.width, seen.letterbox.height)
    rows = zip(people.confidence, people.box, people.keypoints, tracks, strict=True)
    return PoseFrame(
        at_s=at_s,
        people=tuple(
            Person(
                track_id=track,
                confidence=float(confidence),
                box=tuple(box_4.tolist()),
                keypoints=tuple(map(tuple, keypoints_173.tolist())),
            )
            for confidence, box_4, keypoints_173, track in rows
            if track is not None or confidence >= SURE
        ),
    )
