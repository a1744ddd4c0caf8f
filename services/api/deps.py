"""What the routes work with, made once in `service.py` and handed to them by FastAPI."""

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from typing import Annotated, Any
from uuid import UUID

from fastapi import Depends
from sqlalchemy import Connection, Engine
from starlette.requests import HTTPConnection

from services.api.admission import Admission
from services.api.auditing.viewings import Viewings
from services.api.config import ApiSettings
from services.api.disk import Disk, State
from services.api.erasure.erasing import Erasing
from services.api.events.hub import EventHub
from services.api.faces.copies import HiddenCopies, KeptHeads
from services.api.faces.pieces import HiddenPieces
from services.api.limits import Limits
from services.api.live.view import LiveView
from services.api.playback import Playback
from services.api.principal import Principal
from services.api.removal import Removal
from services.api.signon.providers import Providers
from services.api.thumbnails import ThumbnailPool
from services.api.uploads import Uploads
from services.chassis.addresses.policy import Resolve, resolve
from services.chassis.clock import Clock, SystemClock
from services.chassis.sealing import Sealing
from services.chassis.signing import signing_key
from services.chassis.storage.objects import ObjectStore
from services.chassis.streaming.broker import Broker
from services.chassis.streaming.publisher import Publishing
from services.chassis.tickets import Tickets


@dataclass(frozen=True)
class Tools:
    """`health` gives the state of each part the API needs by name, at once."""

    settings: ApiSettings
    engine: Engine
    store: ObjectStore
    publishing: Publishing
    clock: Clock
    uploads: Uploads
    thumbnails: ThumbnailPool
    health: Callable[[], dict[str, State]]
    sealing: Sealing
    tickets: Tickets
    """Links in mails, and the like."""
    announce: Callable[[], None]
    """Have `sources.v1` told of cameras that changed, soon."""
    announce_targets: Callable[[], None]
    """Have `targets.v1` told of targets that changed, soon."""
    announce_reviews: Callable[[], None]
    """Have `reviews.v1` told of reviews that changed, soon."""
    announce_missed: Callable[[], None]
    """Have `reviews.v1` told of missed events that were reported or taken back, soon."""
    announce_policies: Callable[[], None]
    """Have `policies.v1` told of what is in force where that changed, soon."""
    announce_keeping: Callable[[], None]
    """Have `keeping.v1` told of holds and retention rules that changed, soon."""
    announce_models: Callable[[], None]
    """Have `models.v1` told of what is deployed where that changed, soon."""
    announce_replays: Callable[[], None]
    """Have `replays.v1` told of replays that were asked for, cancelled or removed, soon."""
    playback: Playback
    hidden_copies: HiddenCopies
    """Evidence, recordings and uploads with hidden faces."""
    hidden_pieces: HiddenPieces
    live: LiveView
    broker: Broker
    """Whose logs a preview reads."""
    events: EventHub
    admission: Admission
    """Of whoever has a stream open."""
    pushes: Publishing
    """Of webcams' pictures, apart from the other, so that neither waits for the other."""
    providers: Providers
    """Of single sign-on."""
    resolve: Resolve = resolve
    """The addresses of a name, for addresses of targets."""
    disk: Disk | None = None
    """Under the object store, where that runs on this machine."""
    kept_heads: KeptHeads = field(default_factory=KeptHeads)
    viewings: Viewings = field(default_factory=Viewings)
    """Of evidence and recordings, for the audit log."""
    limits: Limits = field(default_factory=lambda: Limits(SystemClock().monotonic))
    """How often each principal may ask."""

    def view(
        self,
        principal: Principal,
        action: str,
        subject: UUID,
        source_id: UUID,
        detail: Mapping[str, Any] | None = None,
    ) -> None:
        """Note for the audit log what is about to be shown. Raises TransientError."""
        now = self.clock.now()
        self.viewings.record(self.engine, principal, action, subject, source_id, now, detail)

    @property
    def removal(self) -> Removal:
        return Removal(self.engine, self.store, self.publishing, self.hidden_pieces.forget)

    @property
    def erasing(self) -> Erasing:
        key = signing_key(self.settings.signing_key_file)
        return Erasing(self.engine, self.store, self.removal, self.clock, key)


async def tools(request: HTTPConnection) -> Tools:
    """In the event loop: FastAPI would take a thread for a plain function, and /healthz wait."""
    made: Tools = request.app.state.tools
    return made


Context = Annotated[Tools, Depends(tools)]


def client_address(request: HTTPConnection) -> str:
    """Of whoever asks, as far as proxies that are trusted tell it; empty where there is none."""
    return request.client.host if request.client else ""


def connection(context: Context) -> Iterator[Connection]:
    """A connection for reading."""
    with context.engine.connect() as opened:
        yield opened


Database = Annotated[Connection, Depends(connection)]
