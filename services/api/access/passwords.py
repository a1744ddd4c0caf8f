"""Passwords: argon2id with the parameters that OWASP recommends, hashed beside the event loop.

Two at a time, each with 19 MiB: whoever tries many waits, and holds up nobody but logins.
"""

import asyncio
import functools
import secrets
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from typing import TypeVar

from argon2 import PasswordHasher
from argon2.exceptions import InvalidHashError, VerificationError

T = TypeVar("T")
AT_ONCE = 2
HASHER = PasswordHasher(time_cost=2, memory_cost=19 * 1024, parallelism=1)
_threads = ThreadPoolExecutor(AT_ONCE, thread_name_prefix="password")


async def hashed(password: str) -> str:
    """What is kept of a password."""
    return await _beside(functools.partial(HASHER.hash, password))


async def is_right(stored: str | None, password: str) -> bool:
    """Whether that is the password; where there is none it takes as long to say no."""
    found = await _beside(functools.partial(_matches, stored or _nobodys(), password))
    return found and stored is not None


def is_outdated(stored: str) -> bool:
    """Whether it was hashed with other parameters than today's."""
    return HASHER.check_needs_rehash(stored)


async def _beside(work: Callable[[], T]) -> T:
    return await asyncio.wrap_future(_threads.submit(work))


def _matches(stored: str, password: str) -> bool:
    try:
        return HASHER.verify(stored, password)
    except (VerificationError, InvalidHashError):
        return False


@functools.cache
def _nobodys() -> str:
    return HASHER.hash(secrets.token_urlsafe(16))
