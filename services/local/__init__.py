"""The local runtime: Kafka, an S3 store and the services on one machine, with Python alone."""


class LocalRuntimeError(Exception):
    """The local runtime cannot go on; the message is one sentence that says what to do."""
