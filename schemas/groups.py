"""Names of consumer groups. A group's name carries everything that makes its members differ, so
that two networks, lanes, detectors or runs side by side never share one.
"""

from typing import Literal

from schemas.judgements import LIVE
from schemas.topics import Topic

Lane = Literal["live", "bulk"]

INGEST_UPLOADS = "ingest.uploads"
INGEST_CAMERAS = "ingest.cameras"
ALERTS = "alerts"
PROJECTOR = "api.projector"
ARCHIVE = "archive"
REPLAYS = "replay"
DEAD_LETTERS = "api.dead-letters"
SHADOWS = "shadows"
"""In the place of a run: all shadows of a backbone, which are behind the live run together."""


def features(backbone: str, lane: Lane) -> str:
    """Turns the clips of one lane into the vectors or poses of one backbone."""
    return f"features.{backbone}.{lane}"


def judging(backbone: str, run: str = LIVE) -> str:
    """Judges what one backbone saw. Replacing the detector's heads keeps the group's place."""
    return f"judging.{run}.{backbone}"


def episodes(run: str = LIVE) -> str:
    """Makes scores and alerts of one run's judgements."""
    return f"episodes.{run}"


def owns_dead_letters(group: str, topic: Topic) -> bool:
    """Whether this group writes down the records of the topic that nobody can decode.

    The groups of the topic's first consumer do; of runs only the live one.
    """
    part, *rest = group.split(".")
    if part in ("judging", "episodes"):
        return topic.consumers[0] == "scoring" and rest[:1] == [LIVE]
    return topic.consumers[0] == part
