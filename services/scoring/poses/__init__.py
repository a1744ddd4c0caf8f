"""From what the pose network saw to the numbers that heads take. Pure; nothing but numpy."""

from services.scoring.poses.person import PERSON_NUMBERS, person_numbers
from services.scoring.poses.scene import SCENE_NUMBERS, scene_vector
from services.scoring.poses.table import PoseTable, messages, table
from services.scoring.poses.tracks import SAMPLES, Tracks, sequences

__all__ = [
    "PERSON_NUMBERS",
    "SAMPLES",
    "SCENE_NUMBERS",
    "PoseTable",
    "Tracks",
    "messages",
    "person_numbers",
    "scene_vector",
    "sequences",
    "table",
]
