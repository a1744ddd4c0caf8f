"""A projector with a database of its own."""

from threading import Event
from typing import Any
from uuid import UUID

from sqlalchemy import Engine, Table, select

from schemas.base import Message
from schemas.ids import DEFAULT_TENANT, default_store
from services.api import app as _all_tables  # noqa: F401 - those of its routes too
from services.api.access.stores import Place
from services.api.principal import Principal
from services.api.projector import Projector
from services.api.queries.sources import Stretch, timeline
from services.api.queries.videos import NewVideo, add_video
from services.api.tables import metadata
from tests.unit.api.builders import VIDEO, at, incoming

NEVER = Event()


class Project:
    """Hands messages to a projector, and reads rows back."""

    def __init__(self, engine: Engine) -> None:
        self.engine, self.projector = engine, Projector(engine)

    def __call__(self, *messages: Message) -> None:
        self.projector.handle(incoming(*messages), NEVER)

    def submit(self) -> None:
        """What the API writes before any topic speaks of a video."""
        new = NewVideo(VIDEO, "till.mp4", 9, "video/mp4", f"videos/{VIDEO}/original", at(0))
        with self.engine.begin() as connection:
            add_video(connection, Place(DEFAULT_TENANT, default_store(DEFAULT_TENANT)), new)

    def one(self, table: Table) -> Any:
        with self.engine.connect() as connection:
            return connection.execute(select(table)).one()

    def all(self) -> dict[str, list[Any]]:
        """Every row of every table, less the columns that hold the time of writing."""
        with self.engine.connect() as connection:
            return {
                table.name: sorted(
                    tuple(value for name, value in row.items() if name not in WRITTEN)
                    for row in connection.execute(select(table)).mappings()
                )
                for table in metadata.sorted_tables
            }

    def empty(self) -> None:
        with self.engine.begin() as connection:
            for table in metadata.sorted_tables:
                connection.execute(table.delete())

    def clips(self, run: str = "live", source: UUID = VIDEO) -> list[tuple[int, float, float]]:
        """Index, raw and calibrated score of every clip of a run with one head."""
        stretch = Stretch(run=run, resolution="clip", limit=50_000)
        with self.engine.connect() as connection:
            told = timeline(connection, Principal(), source, stretch)
        assert told is not None
        return [(clip["index"], clip["score"], clip["calibrated"]) for clip in told["clips"]]


WRITTEN = {"recorded_at", "finished_at", "written_at", "heard_at"}
