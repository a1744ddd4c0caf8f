"""From what the pose network saw to the numbers that heads take. Pure; nothing but numpy."""

from services.scoring.poses.person import PERSON_NUMBERS, person_numbers

__all__ = ["PERSON_NUMBERS", "person_numbers"]
