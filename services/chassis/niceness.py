"""Work that stands back behind what is live on the same machine."""

import os
import sys

LAST = 19


def stand_back(niceness: int) -> None:
    """This thread gives way from now on, and so do the threads that it begins.

    `niceness` is that of nice(2). At LAST a thread has what nobody else wants, and on Linux gives
    it back at once (SCHED_IDLE, sched(7)): one that is nice alone keeps its core until its slice is
    over, while whoever is live waits some milliseconds, at every turn.
    """
    os.nice(niceness)
    if niceness == LAST and sys.platform == "linux":
        os.sched_setscheduler(0, os.SCHED_IDLE, os.sched_param(0))
