"""How long to wait before a process that ended is started again."""

from dataclasses import dataclass

FIRST_S = 0.5
LONGEST_S = 30.0
HEALTHY_S = 60.0


@dataclass(frozen=True)
class Backoff:
    """Doubles from FIRST_S to LONGEST_S while runs are short; a run of HEALTHY_S resets it."""

    short_runs: int = 0

    def after(self, uptime_s: float) -> tuple[float, "Backoff"]:
        """The delay after a run of `uptime_s`, and the state for the next one."""
        short_runs = 0 if uptime_s >= HEALTHY_S else self.short_runs
        delay_s = min(FIRST_S * 2.0 ** min(short_runs, 10), LONGEST_S)
        return delay_s, Backoff(short_runs + 1)
