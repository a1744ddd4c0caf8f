"""What the local runtime tells the person at the terminal."""


class LocalRuntimeError(Exception):
    """The local runtime cannot go on; the message is one sentence that says what to do."""
