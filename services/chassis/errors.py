"""The three kinds of failure. This module imports nothing, so cores may use it.

Anything that is neither of the two below is a bug: the service stops without committing.
"""


class InvalidMessage(Exception):
    """The message itself cannot be used. It goes to the dead-letter topic; the stream goes on."""


class TransientError(Exception):
    """Something outside failed and may work again. Retried with backoff, then the service stops."""
