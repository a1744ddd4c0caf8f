"""What a process does with its memory: what is collected, and what goes back to the system."""

import ctypes
import gc

YOUNG_OBJECTS = 50_000
M_TRIM_THRESHOLD, M_MMAP_THRESHOLD = -1, -3
"""Of malloc.h."""
KEPT_BYTES = 32 * 1024 * 1024
"""The most that glibc takes; the pixels of a window are 5 MB."""
MAX_INT = 2**31 - 1


def settle_garbage() -> None:
    """What was built lives as long as the process, so the collector need not visit it: modules and
    networks are a million objects. Nor need it come round for each few messages, which form no
    cycles: at the usual 700 new objects it took a seventh of the time of judging.
    """
    gc.collect()
    gc.freeze()
    gc.set_threshold(YOUNG_OBJECTS, *gc.get_threshold()[1:])


def keep_memory() -> None:
    """What a batch leaves stays with the process, which is as large as its largest batch was: given
    back after each batch it is mapped again page by page, under one lock of all threads
    (mallopt(3); another libc goes on as it does).
    """
    mallopt = getattr(ctypes.CDLL(None), "mallopt", None)
    if mallopt is not None:
        mallopt(M_MMAP_THRESHOLD, KEPT_BYTES)
        mallopt(M_TRIM_THRESHOLD, MAX_INT)
