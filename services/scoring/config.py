"""Settings that judging and episodes share."""

from services.chassis.settings import ServiceSettings


class ScoringSettings(ServiceSettings):
    """Which detectors judge where nothing else is deployed."""

    head: str = ""
    """Folders of live detectors, separated by commas, one a backbone: each a checkpoint, or a
    folder whose subfolders are checkpoints of heads that judge side by side. The detector that
    comes with the product when empty. What is deployed at a tenant or a store takes its place.
    """
    backbone: str = ""
    """Which of several detectors a judging process runs: the one made for this backbone."""
