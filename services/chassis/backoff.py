"""Pauses between attempts that fail."""

DOUBLINGS = 32
"""More would not count, and an outage may last longer than a float can double."""


def pause_after(failures: int, first_s: float, longest_s: float) -> float:
    """Seconds to wait after so many failures in a row (1, 2, …): each pause is twice as long as the
    one before, up to the longest.
    """
    return min(first_s * 2.0 ** min(failures - 1, DOUBLINGS), longest_s)
