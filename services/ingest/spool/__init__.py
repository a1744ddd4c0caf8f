"""Store and forward: what a camera's process has to say waits on disk until Kafka has it."""

from services.ingest.spool.connect import connect_spool, connect_stragglers
from services.ingest.spool.files import SpoolFolder
from services.ingest.spool.sender import Spool, SpoolState
from services.ingest.spool.store import SpoolLimits
from services.ingest.spool.stragglers import Stragglers, spool_folder

__all__ = [
    "Spool",
    "SpoolFolder",
    "SpoolLimits",
    "SpoolState",
    "Stragglers",
    "connect_spool",
    "connect_stragglers",
    "spool_folder",
]
