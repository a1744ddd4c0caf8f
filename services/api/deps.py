"""What the routes work with, made once in `service.py` and handed to them by FastAPI."""

import threading
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from typing import Annotated

from fastapi import Depends, Request
from sqlalchemy import Connection, Engine

from services.api.config import ApiSettings
from services.api.frames import Thumbnails
from services.api.uploads import Uploads
from services.chassis.clock import Clock
from services.chassis.storage.objects import ObjectStore
from services.chassis.streaming.publisher import Publisher


@dataclass(frozen=True)
class Tools:
    """`ready` says of each part the API needs whether it works now."""

    settings: ApiSettings
    engine: Engine
    store: ObjectStore
    publisher: Publisher
    clock: Clock
    uploads: Uploads
    thumbnails: Thumbnails
    ready: Callable[[], dict[str, bool]]
    publishing: threading.Lock = field(default_factory=threading.Lock)


def tools(request: Request) -> Tools:
    made: Tools = request.app.state.tools
    return made


Context = Annotated[Tools, Depends(tools)]


def connection(context: Context) -> Iterator[Connection]:
    """A connection for reading."""
    with context.engine.connect() as opened:
        yield opened


Database = Annotated[Connection, Depends(connection)]
