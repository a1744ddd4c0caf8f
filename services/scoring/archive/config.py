"""Settings of the archive."""

from typing import Annotated

from pydantic import Field

from services.chassis.settings import ServiceSettings


class ArchiveSettings(ServiceSettings):
    """How much is gathered before it becomes an object."""

    health_port: int = 8086
    archive_memory_mb: Annotated[float, Field(gt=0)] = 128.0
    """MB of records that wait to be written, at most; a chain of hundreds of cameras writes fewer
    and larger objects with more."""
    archive_flush_s: Annotated[float, Field(gt=0)] = 300.0
    """What waits is written after so long at the latest. A restart reads it again from Kafka."""
