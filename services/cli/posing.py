"""A video file -> the poses of everybody in it, by the code of the services."""

from pathlib import Path
from typing import Any

from schemas.clips import ClipSpec
from services.cli.extractor import Extractor, Heard
from services.features.config import FeaturesSettings
from services.features.pose import ID, PoseNetwork, PoseOptions, load
from services.features.pose.observer import Observer
from services.ingest.clips import clips_of
from services.scoring.poses import table
from services.scoring.training.features import described

SPEC = ClipSpec()
"""How the ingest service cuts."""


def extractor() -> Extractor:
    """With the network and the settings of the service. Raises as `load` does."""
    options = FeaturesSettings().pose_options
    return poses_by(load(options), options)


def poses_by(network: PoseNetwork, options: PoseOptions) -> Extractor:
    """Poses are told clip by clip, so the window is one clip."""

    def look(path: Path, video: str, heard: Heard) -> tuple[dict[str, Any], int]:
        observer, told = Observer(network, options), []
        for clip in clips_of(path, SPEC):
            told.append(observer.observe(clip, observer.pictures(clip)))
            heard(clip.end_s)
        return {**vars(table(told)), **described(video, ID, 1, SPEC)}, len(told)

    return Extractor(ID, 1, SPEC, look)
