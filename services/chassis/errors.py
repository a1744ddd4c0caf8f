"""The kinds of failure that are none of ours. This module imports nothing, so cores may use it.

Anything that is none of those below is a bug: the service stops without committing.
"""


class InvalidMessage(Exception):
    """The message itself cannot be used. It goes to the dead-letter topic; the stream goes on."""


class WrongSettings(Exception):
    """What a person set cannot work, before anything began. A line for each setting: its name, its
    value unless secret, what is allowed.
    """


class TransientError(Exception):
    """Something outside failed and may work again. Retried with backoff, then the service stops."""
