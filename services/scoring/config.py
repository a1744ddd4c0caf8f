"""Settings that judging and episodes share."""

from schemas.judgements import LIVE
from services.chassis.settings import ServiceSettings

SHADOWS = "shadows"
"""As NIGHTCLERK_RUN: all shadows together."""


class ScoringSettings(ServiceSettings):
    """Which detectors there are, and which of them a process is about."""

    head: str = ""
    """Folders of live detectors, separated by commas, one a backbone: each a checkpoint, or a
    folder whose subfolders are checkpoints of heads that judge side by side. The detector that
    comes with the product when empty.
    """
    shadows: str = ""
    """Detectors that are judged and stored beside the live ones and alert nobody:
    `name=folder,name2=folder2`. The name is that of their run.
    """
    run: str = LIVE
    """`live`, the name of a shadow, or for episodes `shadows`: all of them."""
    backbone: str = ""
    """Which of several detectors a judging process runs: the one made for this backbone."""
